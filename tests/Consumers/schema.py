"""Holds a JSON report against a schema, the version of which the schema names."""
import json
import sys

import jsonschema

schema_file, report_file = sys.argv[1:]
with open(schema_file, encoding="utf-8") as file:
    schema = json.load(file)
with open(report_file, encoding="utf-8") as file:
    report = json.load(file)
validator = jsonschema.validators.validator_for(schema)
validator.check_schema(schema)
faults = list(validator(schema, format_checker=jsonschema.FormatChecker()).iter_errors(report))
for fault in faults[:20]:
    print(f"{report_file}: {'/'.join(map(str, fault.path))}: {fault.message[:300]}")
print(f"{report_file.rsplit('/', 1)[-1]}: {len(faults)} faults")
sys.exit(1 if faults else 0)
