"""The command line `twin`. Commands translate and print; the work is done in scenarios/ and twin/.

Imports stand inside the commands, so that `twin --help` starts at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from api.console import Console, exit_code

GLOBAL_FLAGS = {"--json": 0, "--quiet": 0, "--debug": 0, "--lang": 1, "--data-dir": 1}
app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Digital twin for disaster response in Japan. / 日本の災害対応のためのデジタルツイン。",
    epilog="Exit codes: 0 done, 1 fault of the program, 2 bad input, 3 interrupted and resumable. "
    "/ 終了コード: 0 完了, 1 プログラムの不具合, 2 入力の誤り, 3 中断(再開可能)。",
)
keys_app = typer.Typer(no_args_is_help=True, help="Keys of the API. / APIキーの管理。")
app.add_typer(keys_app, name="keys")
console = Console()

Run = Annotated[str, typer.Argument(help="Run id or run folder / 実行IDまたはフォルダ")]
Name = Annotated[str, typer.Argument(help="Scenario name or YAML file / シナリオ名またはYAMLファイル")]
Out = Annotated[Path | None, typer.Option("--out", help="Run folder / 実行フォルダ")]


@app.callback()
def options(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout / 結果をJSONで出力")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress / 進捗を表示しない")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks / 内部エラーの詳細を表示")] = False,
    lang: Annotated[str, typer.Option("--lang", help="ja or en / 表示言語")] = "ja",
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", envvar="TWIN_DATA_DIR", help="Where runs are kept / 実行結果の保存先"),
    ] = None,
) -> None:
    """Options that hold for every command; they may stand before or after its name."""
    if lang not in ("ja", "en"):
        raise typer.BadParameter("--lang must be ja or en / --lang は ja か en")
    console.set(as_json=as_json, quiet=quiet, debug=debug, lang=lang, data_dir=data_dir)


@app.command()
def run(
    scenario: Name,
    until: Annotated[str | None, typer.Option(help="Length, e.g. 72h, 30d / 期間")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of chance / 乱数の種")] = None,
    members: Annotated[int | None, typer.Option(min=1, max=1000, help="Ensemble members / メンバー数")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="K=V", help="layer.parameter=value / 設定変更")
    ] = None,
    cut: Annotated[list[str] | None, typer.Option(metavar="ROW", help="Cut a coupling row / 結合を切る")] = None,
    absorb_until: Annotated[
        str | None, typer.Option(help="Absorb observations until (recorded in the manifest) / 観測同化の期限")
    ] = None,
    region: Annotated[str | None, typer.Option(help="Region name or folder / 地域")] = None,
    apply: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Countermeasure from the start / 最初から講じる対策")
    ] = None,
    out: Out = None,
) -> None:
    """Run a scenario. / シナリオを実行し報告書を作る。"""
    from api import runs

    settings = runs.parse_settings(set_ or [])
    runs.start(console, scenario, until, seed, members, settings, cut or [], out, absorb_until, region, apply)


@app.command()
def resume(run: Run) -> None:
    """Finish an interrupted run. / 中断した実行を再開して完了する。"""
    from api import runs

    runs.resume(console, run)


@app.command(name="runs")
def list_runs() -> None:
    """List runs. / 実行の一覧。"""
    from api import runs

    found = runs.listing(console.data_dir)
    console.show({"runs": found}, [f"{row['run_id']}  {row['status']:<12} {row['path']}" for row in found])


At = Annotated[str, typer.Option("--at", help="Moment since the start, e.g. 6h / 分岐の時点")]


@app.command()
def fork(
    run: Run,
    at: At,
    apply: Annotated[Path, typer.Option("--apply", metavar="FILE", help="Countermeasure, YAML or JSON / 対策ファイル")],
    members: Annotated[int | None, typer.Option(min=1, max=1000, help="Members, default all / メンバー数")] = None,
    out: Out = None,
) -> None:
    """Fork a run with a countermeasure and compare. / 対策を講じて分岐し、元の実行と比べる。"""
    from api import what_if

    what_if.fork(console, run, at, apply, members, out)


@app.command()
def compare(
    runs: Annotated[list[str], typer.Argument(help="Baseline, then branches / 基準と分岐の実行ID")],
    quantity: Annotated[list[str] | None, typer.Option(help="Headline / 指標")] = None,
    area: Annotated[list[str] | None, typer.Option(help="Town code or all / 市町村コード")] = None,
) -> None:
    """Compare branches with their baseline. / 分岐を基準と比べる。"""
    from api import what_if

    what_if.compare(console, runs, quantity, area)


@app.command()
def rank(
    run: Run,
    at: At,
    candidates: Annotated[
        Path, typer.Option("--candidates", metavar="FILE", help="File or folder of countermeasures / 対策の候補")
    ],
    objective: Annotated[
        str | None, typer.Option(help="Headline, or headlines with weights: deaths=5,meals_short=1 / 目的")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Horizon since the start / 評価の終わり")] = None,
    members: Annotated[int | None, typer.Option(min=2, max=1000, help="Most members of one candidate / 最大数")] = None,
    budget: Annotated[int | None, typer.Option(min=1, help="Most members in all / 計算の上限")] = None,
    out: Out = None,
) -> None:
    """Choose the best of several countermeasures. / 複数の対策から最良を選ぶ。"""
    from api import what_if

    what_if.rank(console, run, at, candidates, objective, until, members, budget, out)


@app.command()
def archive(run: Run) -> None:
    """Compress the snapshots of a finished run; it can still be forked. / 完了した実行を圧縮保存する。"""
    from api import what_if

    what_if.archive(console, run)


@app.command()
def report(run: Run) -> None:
    """Write the report of a finished run again. / 報告書を作り直す。"""
    from api import runs

    path = runs.write_report(console, run)
    console.show({"report": str(path)}, [str(path)])


@app.command()
def check(scenario: Name) -> None:
    """Check a scenario without running it; all problems at once. / シナリオを検査する。"""
    from scenarios import check as find_problems

    problems = find_problems(scenario)
    console.show({"scenario": scenario, "problems": problems}, problems or [f"{scenario}: no problems / 問題なし"])
    if problems:
        raise typer.Exit(2)


@app.command()
def schema() -> None:
    """Print the JSON schema of scenario files. / シナリオのJSONスキーマ。"""
    from scenarios.reading import json_schema

    console.show_json(json_schema())


@app.command()
def scenarios() -> None:
    """List the scenarios that come with the program. / 付属シナリオの一覧。"""
    from scenarios import read_scenario, scenario_names

    found = [read_scenario(name) for name in scenario_names()]
    rows = [
        {"name": s.name, "title_ja": s.title_ja, "title_en": s.title_en, "start": s.start.isoformat()} for s in found
    ]
    title = "title_ja" if console.lang == "ja" else "title_en"
    console.show({"scenarios": rows}, [f"{row['name']:<16} {row['start']}  {row[title]}" for row in rows])


@app.command()
def layers() -> None:
    """List layers, their models, needs, gives and series. / レイヤの一覧。"""
    from api import tables

    content = tables.layers()
    console.show(content, tables.layers_text(content))


@app.command()
def levers(
    as_schema: Annotated[bool, typer.Option("--schema", help="JSON schema of countermeasure files / 書式")] = False,
) -> None:
    """List what decision makers can change. / 操作できる対策の一覧。"""
    from api import tables

    if as_schema:
        from scenarios.countermeasures import json_schema

        console.show_json(json_schema())
        return
    content = tables.levers()
    console.show(content, tables.levers_text(content, console.lang))


@app.command()
def couplings() -> None:
    """Print the coupling matrix, rows and loops. / 結合行列とループ。"""
    from api import tables

    content = tables.couplings()
    console.show(content, tables.couplings_text(console.lang))


@app.command()
def validate(
    scenario: Annotated[str, typer.Argument(help="Scenario / シナリオ")] = "kumamoto-2026",
    members: Annotated[int | None, typer.Option(min=1, max=200, help="Members / メンバー数")] = None,
    out: Out = None,
    absorb_until: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Compare a run with what was observed. / 観測と比較して検証する。"""
    from api import runs

    runs.validate(console, scenario, members, out, absorb_until)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on / 待ち受けるアドレス")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port, 0: any free one / ポート")] = 8765,
    database: Annotated[
        str,
        typer.Option("--database", metavar="URL", envvar="TWIN_DATABASE_URL", help="Jobs, e.g. postgresql://… / DB"),
    ] = "",
    scheduler: Annotated[
        str, typer.Option(metavar="tcp://…", help="dask.distributed scheduler for members / 分散計算のスケジューラ")
    ] = "",
    workers: Annotated[int | None, typer.Option(min=1, max=16, help="Worker processes / ワーカー数")] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Further name of this server / サーバーの別名")
    ] = None,
) -> None:
    """Serve the API and the map page. / APIと地図画面を提供する。"""
    from api import serving

    serving.serve(console, host, port, database, scheduler, workers, allow_host or [])


@keys_app.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="Whose key / 利用者名")],
    role: Annotated[str, typer.Option(help="viewer, planner or admin / 役割")] = "viewer",
    expires: Annotated[str | None, typer.Option(help="Ends after, e.g. 30d / 有効期間")] = None,
) -> None:
    """Make a key and print it once. / キーを作り一度だけ表示する。"""
    from api import serving

    serving.add_key(console, name, role, expires)


@keys_app.command("list")
def list_keys() -> None:
    """List keys without their secrets. / キーの一覧。"""
    from api import serving

    serving.list_keys(console)


@keys_app.command("revoke")
def revoke_key(key_id: Annotated[str, typer.Argument(help="Id of the key / キーのID")]) -> None:
    """End a key at once. / キーを直ちに無効にする。"""
    from api import serving

    serving.revoke_key(console, key_id)


@app.command()
def doctor() -> None:
    """Check the installation. / インストール状態を確認する。"""
    from api import tables

    content = tables.doctor(console.data_dir)
    console.show(
        content, [f"{'ok ' if row['ok'] else 'NO '} {row['name']}: {row['detail']}" for row in content["checks"]]
    )


@app.command()
def bench(
    subjects: Annotated[
        list[str] | None,
        typer.Argument(metavar="SUBJECT", help="Subjects, or `studies` / 対象（studies: モデル実験すべて）"),
    ] = None,
    peers: Annotated[bool, typer.Option("--peers", help="Compare with peers / 他ソフトと比較")] = False,
    save: Annotated[Path | None, typer.Option("--save", metavar="FILE", help="Keep as JSON / 結果をJSONで保存")] = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option("--compare", metavar="OLD NEW", help="Compare two JSON files / 二つの結果を比較"),
    ] = None,
) -> None:
    """Measure speed: all of it (about 20 minutes on two quiet cores), or some subjects. / 速度を測る（全体で約20分）。

    \b
    Speed: start-up coupling-overhead whole-run fork people missions routing shallow-water
           shaking damage hazard-cache inundation api what-if
    Studies of the model, run when named or all by `twin bench studies` (about 40 minutes):
           pairing rank early-evacuation coupling-effects step-size

    Each subject is written to benchmarks/results.md as soon as it is measured; after an interruption the
    command says how to go on. --peers compares with ANUGA, Landlab and networkx where they are installed.
    """
    import benchmarks
    from benchmarks import comparison

    if compare:
        found = comparison.compare(*compare, subjects or ())
        console.show(found, comparison.lines(found))
        return
    content = benchmarks.run(*(subjects or ()), peers=peers, tell=console.note, save=save)
    console.show(content, benchmarks.lines(content))
    if content["failed"]:
        raise typer.Exit(1)


def _front(arguments: list[str]) -> list[str]:
    """Global flags moved before the command, so that `twin couplings --json` works."""
    front: list[str] = []
    rest: list[str] = []
    items = iter(arguments)
    for item in items:
        name, equals, _ = item.partition("=")
        if name not in GLOBAL_FLAGS:
            rest.append(item)
            continue
        front.append(item)
        if GLOBAL_FLAGS[name] and not equals:
            front.extend([next(items, "")])
    return front + rest


def main(arguments: list[str] | None = None) -> Any:
    """Entry point: turns every deliberate error into a message and an exit code."""
    asked = _front(sys.argv[1:] if arguments is None else arguments)
    console.set(as_json="--json" in asked, debug="--debug" in asked)
    try:
        code = app(args=asked, prog_name="twin", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except Exception as error:
        if console.debug:
            raise
        sys.exit(console.tell_error(error, exit_code(error)))


if __name__ == "__main__":
    main()
