"""A fresh study, with its configuration and the variable set that every study is given.

The keys, ids and types are the server's (recordings 029, 033); its descriptions are left empty, its long lists of
consequence types and biotypes are cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata_opencga.sandbox.documents import Stamp

__all__ = ["study_document", "variable", "variable_sets"]

Json = dict[str, Any]


def study_document(body: Json, uuid: str, stamp: Stamp, fqn: str, uri: str) -> Json:
    """The fields of a new study; `groups` and `variableSets` are put in when it is answered."""
    return {
        "id": body["id"],
        "uuid": uuid,
        "name": body["id"],
        "alias": body["id"],
        **stamp.dates(),
        "description": "",
        "size": 0,
        "fqn": fqn,
        "notification": {},
        "permissionRules": {},
        "uri": uri,
        "release": 1,
        "sources": [],
        "notes": [],
        "type": {"id": "", "description": ""},
        "status": {"id": "", "description": "", "date": "", "name": ""},
        "internal": stamp.internal(
            index={"recessiveGene": {"status": "NOT_INDEXED", "modificationDate": stamp.text}},
            configuration={"clinical": _clinical(), "variantEngine": _engine()},
        ),
        "additionalInfo": [],
        "attributes": {},
        **body,
    }


def _described(pairs: Iterable[tuple[str, str]]) -> list[Json]:
    return [{"id": name, "description": "", "type": type_} for name, type_ in pairs]


def _clinical() -> Json:
    ranks = ("URGENT", "HIGH", "MEDIUM", "LOW", "UNKNOWN")
    flags = (
        "MIXED_CHEMISTRIES", "LOW_TUMOUR_PURITY", "UNIPARENTAL_ISODISOMY", "UNIPARENTAL_HETERODISOMY",
        "UNUSUAL_KARYOTYPE", "SUSPECTED_MOSAICISM", "LOW_QUALITY_SAMPLE",
    )  # fmt: skip
    return {
        "status": _described(
            (
                ("READY_FOR_INTERPRETATION", "NOT_STARTED"),
                ("READY_FOR_REPORT", "ACTIVE"),
                ("DONE", "DONE"),
                ("CLOSED", "CLOSED"),
                ("REJECTED", "CLOSED"),
            )
        ),
        "interpretation": {
            "status": _described(
                (
                    ("NOT_STARTED", "NOT_STARTED"),
                    ("IN_PROGRESS", "ACTIVE"),
                    ("DONE", "DONE"),
                    ("READY", "CLOSED"),
                    ("REJECTED", "CLOSED"),
                )
            ),
            "variantCallers": [],
            "defaultFilter": {},
            "inclusion": [],
        },
        "priorities": [
            {"id": name, "description": "", "rank": rank, "defaultPriority": name == "UNKNOWN"}
            for rank, name in enumerate(ranks, 1)
        ],
        "flags": [{"id": name, "description": ""} for name in flags],
        "consent": {
            "consents": [
                {"id": f"{name}_FINDINGS", "name": f"{name.capitalize()} findings", "description": ""}
                for name in ("PRIMARY", "SECONDARY", "CARRIER", "RESEARCH")
            ]
        },
    }


def _engine() -> Json:
    def custom(source: str, key: str, type_: str, *, nullable: bool, **more: Any) -> Json:
        return {"source": source, "key": key, "type": type_, **more, "nullable": nullable}

    def annotation(key: str, *values: str, nullable: bool = False, **more: Any) -> Json:
        type_ = "CATEGORICAL_MULTI_VALUE"
        return custom("ANNOTATION", key, type_, nullable=nullable, values=list(values), **more)

    grouped = {"lincRNA": ["lncRNA", "lincRNA"], "other_non_pseudo_gene": ["misc_RNA", "rRNA"]}
    biotype = annotation("biotype", "lincRNA", "miRNA", "protein_coding", nullable=True, valuesMapping=grouped)
    consequence = annotation("consequenceType", "missense_variant", "stop_gained", nullable=True, valuesMapping={})
    return {
        "options": {},
        "sampleIndex": {
            "fileIndexConfiguration": {
                "customFields": [
                    custom("FILE", "FILTER", "CATEGORICAL", nullable=True, values=["PASS"]),
                    custom("FILE", "QUAL", "RANGE_LT", nullable=False, thresholds=[10.0, 20.0, 30.0]),
                    custom("SAMPLE", "DP", "RANGE_LT", nullable=True, thresholds=[5.0, 10.0, 15.0, 20.0, 30.0, 50.0]),
                ],
                "filePositionBits": 3,
                "fixedFieldsFirst": True,
            },
            "annotationIndexConfiguration": {
                "populationFrequency": {
                    "populations": [{"study": study, "population": "ALL"} for study in ("1000G", "GNOMAD_GENOMES")],
                    "thresholds": [1e-07, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05],
                },
                "biotype": biotype,
                "consequenceType": consequence,
                "clinicalSource": annotation("clinicalSource", "clinvar", "cosmic"),
                "clinicalSignificance": annotation("clinicalSignificance", "clinvar_benign", "clinvar_pathogenic"),
                "transcriptFlagIndexConfiguration": annotation("transcriptFlag", "canonical", "basic", nullable=True),
                "transcriptCombination": True,
            },
        },
    }


def variable(body: Json, rank: int = 0) -> Json:
    """A variable of a variable set, completed."""
    return {
        "id": body["id"],
        "name": body["id"],
        "category": "",
        "type": body["type"],
        "required": False,
        "multiValue": False,
        "allowedValues": [],
        "rank": rank,
        "dependsOn": "",
        "description": "",
        "attributes": {},
        **body,
    }


_PREDEFINED = (
    ("consequenceTypeCount", "MAP_INTEGER", 10), ("variantCount", "INTEGER", 0), ("filterCount", "MAP_INTEGER", 2),
    ("filesCount", "INTEGER", 4), ("qualityStdDev", "DOUBLE", 7), ("typeCount", "MAP_INTEGER", 8),
    ("chromosomeCount", "MAP_INTEGER", 11), ("biotypeCount", "MAP_INTEGER", 9), ("tiTvRatio", "DOUBLE", 5),
    ("genotypeCount", "MAP_INTEGER", 3), ("chromosomeDensity", "MAP_DOUBLE", 12), ("qualityAvg", "DOUBLE", 6),
    ("sampleCount", "INTEGER", 1),
)  # fmt: skip


_OF_SAMPLES = (
    ("chromosomeCount", "MAP_INTEGER", 2), ("mendelianErrorCount", "OBJECT", 11), ("qualityAvg", "DOUBLE", 8),
    ("qualityStdDev", "DOUBLE", 9), ("depthCount", "MAP_INTEGER", 15), ("heterozygosityRate", "DOUBLE", 10),
    ("variantCount", "INTEGER", 1), ("indelLengthCount", "MAP_INTEGER", 5),
    ("consequenceTypeCount", "MAP_INTEGER", 12),
    ("biotypeCount", "MAP_INTEGER", 13), ("genotypeCount", "MAP_INTEGER", 4), ("id", "STRING", 0),
    ("typeCount", "MAP_INTEGER", 3), ("filterCount", "MAP_INTEGER", 6),
    ("clinicalSignificanceCount", "MAP_INTEGER", 14),
    ("tiTvRatio", "DOUBLE", 7),
)  # fmt: skip
_ALLOWED_KEYS = {
    "depthCount": ["na", "lt20", "lt5", "gte20", "lt10", "lt15"],
    "indelLengthCount": ["lt20", "lt5", "gte20", "lt10", "lt15"],
}


def variable_sets() -> list[Json]:
    """The two that every study has; the second one is internal and shown in few answers only."""
    return [
        _predefined("cohort", "VariantSetStats", _PREDEFINED),
        _predefined("sample", "SampleVariantStats", _OF_SAMPLES) | {"unique": False, "internal": True},
    ]


def _predefined(entity: str, java: str, variables: tuple[tuple[str, str, int], ...]) -> Json:
    listed = []
    for name, type_, rank in variables:
        keys = {"allowedKeys": _ALLOWED_KEYS[name]} if name in _ALLOWED_KEYS else {}
        listed.append(variable({"id": name, "type": type_, **keys}, rank))
    return {
        "id": f"opencga_{entity}_variant_stats",
        "name": f"OpenCGA {entity} variant stats",
        "unique": True,
        "confidential": False,
        "internal": False,
        "description": "",
        "variables": listed,
        "entities": [entity.upper()],
        "release": 1,
        "attributes": {
            "avroClass": f"class org.opencb.biodata.models.variant.metadata.{java}",
            "resource": f"variablesets/{entity}-variant-stats-variableset.json",
        },
    }
