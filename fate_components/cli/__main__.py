"""The command line of fatectl."""

import typer

from . import from_kubefate, publish, repair

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.command("import")(from_kubefate.import_)
app.command("publish")(publish.publish)
app.command("repair")(repair.repair)


@app.callback()
def fatectl() -> None:
    """Operates the parties of a stack, beside `pulumi up`."""


if __name__ == "__main__":
    app(prog_name="fatectl")
