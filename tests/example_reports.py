"""Facts of made-up runs that have everything a report can show, for tests that read the report or look at it."""

from pathlib import Path

from msgspec.structs import replace

from biodata.pipelines.checks.whole import CheckOutcome
from biodata.pipelines.reports.facts import Coverage, Deletes, ProfileFacts, RunReport, StepReport, Unmapped
from biodata.pipelines.reports.plots.bars import BarData
from biodata.pipelines.reports.plots.histogram import HistogramData
from biodata.pipelines.reports.plots.points import ScatterData
from biodata.pipelines.state.rejects import RejectTally

DAY = 86_400.0
LONG = "Malignant neoplasm of overlapping lesion of other and unspecified organs, not elsewhere classified"

DONORS = StepReport(
    name="donors",
    source="umcg/biobank_donors",
    where="consent = true and enrolled >= '2019-01-01' and status not in ('withdrawn', 'deceased before enrolment')",
    target="commons/case",
    mode="merge",
    state="done",
    rows_read=48_211,
    rows_out=2_391,
    unchanged_since=45_806,
    rejects=(
        RejectTally("donors", "transform", "birth_year", "the text is no number", 9, [12, 40, 41, 977, 1204, 5, 6]),
        RejectTally("donors", "load", "vital_status", "the platform refuses the value: not in its list", 5, [3, 9]),
    ),
    checks=(
        CheckOutcome("a donor has a year of birth", "rows", False, "9 of 48,211 rows rejected"),
        CheckOutcome("every donor comes once", "unique", True, "donor_id: every value comes once"),
        CheckOutcome("nine tenths of the last run", "share_of_last_run", True, "48,211 rows, 48,190 at the last run"),
    ),
    coverage=(
        Coverage("sex", "sex", "", 2_396, 2_396),
        Coverage("diagnosis", "icd10-to-orpha", "2026-01", 2_396, 2_311, 3, False,
                 (Unmapped("<value 1>", 61), Unmapped(LONG, 20))),
        Coverage("smoking", "smoking-status", "3", 120_000, 119_999, 1, True, (Unmapped("<value 1>", 1),)),
    ),
    tally={"created": 14, "updated": 370, "unchanged": 2_002, "refused": 5},
    deletes=Deletes("projects.code = 'biobank'", 48_190, 41, 963, {"deleted": 41}),
    notes=("The field `bmi` is new in the source since the last run.", "The field `fax` is gone from the source."),
    seconds={"prepare": 0.21, "extract": 95.2, "transform": 12.8, "check": 1.1, "load": 301.7, "delete": 2.4},
    plots=(
        BarData("known_in", (("MOLGENIS", 1_802), (LONG, 377), ("Gen3 (submitted here)", 198), ("x" * 90, 1)),
                2_391, 3, 10),
        HistogramData("age_at_enrolment", tuple(float(n) for n in range(15, 95, 5)),
                      (3, 18, 60, 91, 120, 180, 244, 310, 402, 377, 290, 180, 77, 30, 4),
                      2_391, 4, 1, "number", whole=True),
        HistogramData("enrolled", tuple(DAY * n for n in (17_897, 17_928, 17_956, 17_987, 18_017)),
                      (700, 801, 402, 488), 2_391, 0, 0, "date"),
    ),
)  # fmt: skip

DIAGNOSES = StepReport(
    name="diagnoses",
    source="umcg/diagnoses",
    target="commons/diagnosis",
    mode="merge",
    state="done",
    rows_read=97_000,
    rows_out=96_940,
    rejects=(
        RejectTally("diagnoses", "load", "waiting for parent", "its case is not there", 60, [1], waiting=True),
    ),
    waiting=60,
    checks=(CheckOutcome("donors are known", "references", True, "96,940 values, all in donors"),),
    tally={"created": 60, "updated": 0, "unchanged": 96_880},
    deletes=Deletes(None, 120_400, 23_460, 2_408, {}, "23,460 of 120,400 records would be deleted (max: 2%)"),
    seconds={"prepare": 0.1, "extract": 61.0, "transform": 20.0, "load": 88.0},
    plots=(
        ScatterData("age", "onset", "equality",
                    tuple((float(n), n * 0.8 + (n * 7919) % 13) for n in range(10, 95)), 96_940, 12),
        ScatterData("tumour_volume_mm3", "days_to_relapse", None,
                    tuple((1.5**n, float((n * 31) % 900) - 120) for n in range(2, 40)), 40, 2),
    ),
)  # fmt: skip

LOCAL = StepReport(name="lookup", source="earlier steps, local/icd", state="done", rows_read=0, rows_out=0)

PROFILES = (
    ProfileFacts("umcg", "molgenis", "MOLGENIS", "8.4.2", "a.de.vries", "molgenis.example.org", ""),
    ProfileFacts(
        "commons", "gen3", "Gen3", "2026.01", "a.de.vries@example.org", "commons.example.org:8443", "records"
    ),
    ProfileFacts("local", "duckdb", "DuckDB", "2.0.0", None, "this computer", "keys"),
)

WITHHELD = RunReport(
    run_id="20260203-021500-7f3a",
    pipeline="biobank-to-commons",
    file="config/pipelines/biobank.yml",
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    version="0.1.0",
    state="withheld",
    started="2026-02-03T02:15:00.120+00:00",
    ended="2026-02-03T02:24:43.000+00:00",
    seconds=582.9,
    steps=(DONORS, DIAGNOSES, LOCAL),
    budget="1%",
    profiles=PROFILES,
    parameters={"since": "2019-01-01", "cohort": "…"},
    resumed=1,
    warnings=("Gen3: the commons knows no index for case; counting is slow",),
    rejects_path=Path("/home/etl/.local/state/biodata/runs/20260203-021500-7f3a/rejects.ndjson"),
    html_path=Path("out/biobank-to-commons.html"),
    json_path=Path("out/biobank-to-commons.json"),
)

CHANGES = (
    {"key": "D-1", "vital_status": ("alive", "dead"), "diagnoses": (["C50"], ["C50", "C79.5"])},
    {"key": ["D", 2], "comment": (None, LONG), "height_cm": (171, 171.5)},
)

DRY = replace(
    WITHHELD,
    state="done",
    dry_run=True,
    show_values=True,
    resumed=0,
    steps=(
        replace(
            DONORS,
            rejects=(),
            tally={},
            deletes=Deletes("projects.code = 'biobank'", 48_190, 41, 963),
            preview={"add": 14, "change": 370, "leave": 2_002, "wait for a parent": 5, "delete": 41},
            changes=CHANGES,
            explain="GET https://molgenis.example.org/api/v2/biobank_donors?attrs=id,birth_year,sex,diagnosis&"
            "q=consent==true;enrolled=ge=2019-01-01&num=10000\n2 pages; the filter is done by the server",
        ),
    ),
)

FAILED = replace(
    WITHHELD,
    state="failed",
    resumed=0,
    steps=(replace(DONORS, state="loading", deletes=None, plots=(), tally={"created": 3, "updated": 0}), LOCAL),
    error="commons/case: the server did not answer for 10 minutes: https://commons.example.org:8443/api/v0/submission",
    error_code="BD-REMOTE-UNAVAILABLE",
    error_hint="Ask the commons whether it is down",
    go_on="Run the same command again: it goes on where this run stopped.",
)

CHECKED = replace(
    FAILED,
    error="step donors: all donors there: 12 rows, 48,190 expected",
    error_code="BD-CHECK",
    error_hint="Nothing was written",
    steps=(
        replace(
            DONORS,
            state="checked",
            tally={},
            deletes=None,
            rejects=(),
            coverage=(),
            checks=(CheckOutcome("all donors there", "count", False, "12 rows, 48,190 expected"),),
        ),
    ),
)

QUIET = replace(
    WITHHELD,
    state="done",
    resumed=0,
    warnings=(),
    rejects_path=None,
    steps=(
        replace(
            DONORS, rejects=(), coverage=(), deletes=None, tally={"created": 0, "updated": 0, "unchanged": 2_391}
        ),
    ),
)

ALL = {
    "withheld": WITHHELD,
    "dry": DRY,
    "failed": FAILED,
    "checked": CHECKED,
    "quiet": QUIET,
    "interrupted": replace(FAILED, state="interrupted", error=None, error_code=None, error_hint=None),
    "planned": replace(
        WITHHELD,
        state="planned",
        resumed=0,
        plan_path=Path("plans/night.json"),
        steps=(replace(DIAGNOSES, tally={}, preview={"add": 60, "leave": 96_880, "delete": 23_460}),),
    ),
}
