"""The command line of fatectl."""

import typer

from . import (
    backup,
    card,
    exec_,
    from_kubefate,
    images,
    logs,
    peer,
    publish,
    repair,
    restore,
    status,
    takeover,
    toy,
    up,
)

app.command("backup")(backup.backup)
app.command("card")(card.card)
app.add_typer(images.app, name="images")
app.command("import")(from_kubefate.import_)
app.add_typer(peer.app, name="peer")
app.command("publish")(publish.publish)
app.command("repair")(repair.repair)
app.command("restore")(restore.restore)
app.command("status")(status.status)
app.command("takeover")(takeover.takeover)
app.command("toy")(toy.toy)
app.command("up")(up.up)


@app.callback()
def fatectl() -> None:
    """Operates the parties of a stack, beside `pulumi up`."""


if __name__ == "__main__":
    app(prog_name="fatectl")
