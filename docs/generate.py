"""Pages that are made from the code itself, so that they cannot drift from it.

Called by conf.py before every build; writes into ``reference/generated``.
"""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import compare_engines

HERE = Path(__file__).parent
ROOT = HERE.parent


def write_all() -> None:
    """Write every generated page."""
    room = HERE / "reference" / "generated"
    room.mkdir(parents=True, exist_ok=True)
    pages = {
        "command-line.md": _command_line(),
        "case-file.md": _schema("case"),
        "site-file.md": _schema("site"),
        "figures.md": _figures(),
        "what-we-checked.md": _checks(),
        "evidence.md": _evidence(room),
        "engines.md": compare_engines.pages(room),
    }
    for name, text in pages.items():
        path = room / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _command_line() -> str:
    import click

    from opensirt.cli import main

    def described(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
        context = click.Context(command, info_name=name, parent=parent, max_content_width=96)
        level = "##" if parent is None else "###"
        yield f"{level} `{context.command_path}`\n\n```text\n{command.get_help(context)}\n```\n"
        if isinstance(command, click.Group):
            for inner in command.list_commands(context):
                found = command.get_command(context, inner)
                if found is not None:
                    yield from described(found, inner, context)

    return "\n".join(described(main, "opensirt", None))


def _schema(which: str) -> str:
    if which == "case":
        from opensirt.files.case_file import case_schema

        schema = case_schema()
    else:
        from opensirt.files.site_file import site_schema

        schema = site_schema()
    lines = [f"## {schema['$id']}\n"]
    lines += _table(schema)
    for name, one in sorted(schema.get("$defs", {}).items()):
        if "properties" in one:
            lines.append(f"\n### {name.removesuffix('Block')}\n")
            lines.append(one.get("description", "") + "\n")
            lines += _table(one)
    return "\n".join(lines) + "\n"


def _table(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "| key | needed | what |\n|---|---|---|"
    needed = set(schema.get("required", ()))
    for key, one in schema.get("properties", {}).items():
        what = one.get("description") or one.get("title", "")
        yield f"| `{key}` | {'yes' if key in needed else ''} | {_cell(what)} |"


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _figures() -> str:
    """List every figure of the reference room with its source and status."""
    room = files("opensirt.reference")
    lines = []
    for path in sorted(room.iterdir(), key=lambda one: one.name):
        if not path.name.endswith(".toml"):
            continue
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        lines.append(f"\n## {path.name}\n")
        rows = list(_sourced(table, ""))
        if rows:
            lines.append("| entry | value | source | status |\n|---|---|---|---|")
            lines += rows
    return "\n".join(lines) + "\n"


def _sourced(table: Mapping[str, Any], prefix: str) -> Iterator[str]:
    if "source" in table and "status" in table:
        own = {
            key: value
            for key, value in table.items()
            if key not in ("source", "status", "unit") and not isinstance(value, dict)
        }
        shown = ", ".join(f"{key} = {value}" for key, value in own.items())
        if "value" in table:
            shown = f"{table['value']} {table.get('unit', '')}"
        mark = "" if table["status"] in ("verified", "computed") else "⚠ "
        name = prefix.strip(".") or "(whole table)"
        yield (
            f"| `{name}` | {_cell(shown)} | {_cell(table['source'])} | {mark}{table['status']} |"
        )
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _sourced(value, f"{prefix}.{key}")


def _checks() -> str:
    """List the published numbers that tests reproduce, from the tests' own words."""
    lines = []
    for path in sorted((ROOT / "tests" / "published").glob("test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        lines.append(f"\n## {(ast.get_docstring(module) or path.stem).splitlines()[0]}\n")
        lines += [
            f"- {node.name.removeprefix('test_').replace('_', ' ')}"
            for node in module.body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write_all()


def _evidence(room: Path) -> str:
    """Pool the evidence as the command does, and draw its forest plots beside the page."""
    from opensirt import Missing, Question, meta_analysis, published_evidence
    from opensirt.app.evidence_picture import write_picture

    lines = []
    for endpoint in ("dcr", "orr", "overall_survival_median"):
        made = meta_analysis(Question(endpoint=endpoint))
        picture = room / f"forest-{endpoint}.png"
        write_picture(picture, made)
        lines.append(f"![Forest plot of {endpoint}](generated/{picture.name})\n")
        if made.proportion is not None:
            found = made.proportion
            lines.append(
                f"| {endpoint}, k = {found.k}, n = {found.n} | % | 95 % | prediction | τ² "
                "| I² % |\n|---|---|---|---|---|---|"
            )
            for one in found.methods:
                inside = one.prediction
                lines.append(
                    f"| {one.method} | {100 * one.estimate:.1f} "
                    f"| {100 * one.low:.1f}–{100 * one.high:.1f} | "
                    + (
                        "—"
                        if isinstance(inside, Missing)
                        else f"{100 * inside[0]:.1f}–{100 * inside[1]:.1f}"
                    )
                    + f" | {one.tau2:.3g} | "
                    + ("—" if isinstance(one.i2, Missing) else f"{100 * one.i2:.0f}")
                    + " |"
                )
            lines.append("")
    lines.append("## Rows of response, disease control and survival\n")
    lines.append(
        "| row | study | endpoint | criterion, time | unit | count | printed | status | place |"
    )
    lines.append("|---|---|---|---|---|---|---|---|---|")
    wanted = ("cr", "pr", "sd", "pd", "orr", "dcr", "symptom_response", "overall_survival_median")
    base = published_evidence()
    for row in base.outcomes:
        if row.endpoint in wanted:
            counts = row.counts
            shown = "—" if isinstance(counts, Missing) else f"{counts[0]}/{counts[1]}"
            printed = (
                f"{row.percent:g} %"
                if not isinstance(row.percent, Missing)
                else "—"
                if isinstance(row.value, Missing)
                else f"{row.value:g} {row.value_unit}"
            )
            cells = (
                row.key,
                base.study(row.study).label,
                row.endpoint,
                f"{row.criterion}, {row.time_point}",
                row.unit.value,
                shown,
                printed,
                row.status.value if row.status.verified else f"⚠ {row.status.value}",
                row.locator,
            )
            lines.append("| " + " | ".join(_cell(one) for one in cells) + " |")
    return "\n".join(lines) + "\n"
