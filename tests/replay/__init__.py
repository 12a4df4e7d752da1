"""Playing recordings of a real server against the sandbox: `python -m tests.replay PLATFORM DIRECTORY`."""
