"""The command line of fatectl."""

import typer

from . import (
    backup,
    board,
    card,
    doctor,
    exec_,
    forget,
    from_kubefate,
    images,
    jobs,
    logs,
    open_,
    peer,
    preview_comment,
    publish,
    repair,
    restore,
    status,
    takeover,
    topology,
    toy,
    up,
)

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.command("backup")(backup.backup)
app.command("board")(board.board)
app.command("card")(card.card)
app.command("doctor")(doctor.doctor)
app.command("exec")(exec_.exec_)
app.add_typer(images.app, name="images")
app.command("forget")(forget.forget)
app.command("import")(from_kubefate.import_)
app.command("jobs")(jobs.jobs)
app.command("logs")(logs.logs)
app.command("open")(open_.open_)
app.add_typer(peer.app, name="peer")
app.command("preview-comment")(preview_comment.preview_comment)
app.command("publish")(publish.publish)
app.command("repair")(repair.repair)
app.command("restore")(restore.restore)
app.command("status")(status.status)
app.command("takeover")(takeover.takeover)
app.command("topology")(topology.topology_)
app.command("toy")(toy.toy)
app.command("up")(up.up)


@app.callback()
def fatectl() -> None:
    """Operates the parties of a stack, beside `pulumi up`.

    Exit codes: 0 if all is well, 1 if a command fails, 3 if it finds something that is not well.
    """


if __name__ == "__main__":
    app(prog_name="fatectl")
