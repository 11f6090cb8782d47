#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Turns results of tests/bench/run into doc/benchmarks.md and its plots, or into a summary for the
terminal.

    report.py [-o DIR] RESULTS...       writes DIR/benchmarks.md and DIR/benchmarks/*.svg (default
                                        DIR: doc/ of the checkout)
    report.py --table RESULTS...        goals and summary tables as plain text on stdout
    report.py --tar ... RESULTS...      for tests/bench/report: results come as a tar on stdin,
                                        where directory N (from 0) is the Nth of RESULTS; the
                                        document goes as a tar to stdout

The same input gives the same output.  Exit status: 0 done, 1 failed, 2 usage.
"""
import argparse
import io
import os
import re
import sys
import tarfile
import tempfile

sys.dont_write_bytecode = True  # the checkout stays clean

import report_doc  # noqa: E402, what it compiles would else be kept
import report_plots  # noqa: E402
from report_input import FILES, Data, Trouble, read_runs  # noqa: E402

PLOT_LINK = re.compile(r"\]\((benchmarks/[a-z0-9-]+\.svg)\)")


def say(words):
    print(f"report: {words}", file=sys.stderr)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Trouble(f"{message} (see --help)", 2)


def parse(words):
    parser = Parser(prog="report", allow_abbrev=False, add_help=False)
    parser.add_argument("-o", "--out")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--tar", action="store_true")
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("results", nargs="*")
    options = parser.parse_intermixed_args(words)
    if options.help:
        return options
    if not options.results:
        raise Trouble("no results directory given; tests/bench/run makes one (see --help)", 2)
    if options.out and options.table:
        raise Trouble("--table writes to the terminal, -o goes without it (see --help)", 2)
    if options.out == "":
        raise Trouble("-o needs a directory (see --help)", 2)
    return options


def unpack(stream, to, count):
    """Only the files that are asked for, by name, whatever else the tar may hold."""
    try:
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for member in tar:
                at, _, name = member.name.removeprefix("./").partition("/")
                if member.isfile() and name in FILES and at.isdigit() and int(at) < count:
                    where = os.path.join(to, str(int(at)))
                    os.makedirs(where, exist_ok=True)
                    with open(os.path.join(where, name), "wb") as file:
                        file.write(tar.extractfile(member).read())
    except tarfile.TarError as error:
        raise Trouble(f"stdin is not a tar of results: {error}") from None


def read(options):
    if not options.tar:
        return read_runs(options.results, options.results)
    with tempfile.TemporaryDirectory(prefix="report-") as where:
        unpack(sys.stdin.buffer, where, len(options.results))
        return read_runs(options.results,
                         [os.path.join(where, str(at)) for at in range(len(options.results))])


def make(runs):
    """{path below DIR: text}"""
    plots = report_plots.plots(Data(runs))
    drawn = {f"benchmarks/{name}.svg": report_plots.draw(plot) for name, plot in plots.items()}
    if None in drawn.values():
        say("gnuplot is not to be found: the document has no plots (Debian: apt-get install "
            "gnuplot-nox)")
        drawn = {}
    return {"benchmarks.md": report_doc.document(runs, plots, bool(drawn)), **drawn}


def write_tar(files):
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in sorted(files.items()):
            content = text.encode()
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o644
            tar.addfile(info, io.BytesIO(content))
    sys.stdout.buffer.flush()


def write_out(files, out):
    """Everything is written beside its place first and moved there last, the document after what
    it links to."""
    document = os.path.join(out, "benchmarks.md")
    stale = []
    if os.path.exists(document):
        with open(document, encoding="utf-8", errors="replace") as file:
            stale = [name for name in PLOT_LINK.findall(file.read()) if name not in files]
    os.makedirs(out, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".report-", dir=out) as stage:
        for name, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(stage, name)), exist_ok=True)
            with open(os.path.join(stage, name), "w", encoding="utf-8") as file:
                file.write(text)
        for name in sorted(files, key=lambda name: name == "benchmarks.md"):
            os.makedirs(os.path.dirname(os.path.join(out, name)), exist_ok=True)
            os.replace(os.path.join(stage, name), os.path.join(out, name))
    for name in stale:
        if os.path.exists(os.path.join(out, name)):
            os.remove(os.path.join(out, name))


def main():
    options = parse(sys.argv[1:])
    if options.help:
        print(__doc__.strip())
        return
    runs = read(options)
    for run in runs:
        for words in run.warnings:
            say(f"{run.name}: {words}")
    if options.table:
        sys.stdout.write(report_doc.summary(runs))
        sys.stdout.flush()
    elif options.tar:
        write_tar(make(runs))
    else:
        here = os.path.dirname(os.path.realpath(__file__))
        out = options.out or os.path.normpath(os.path.join(here, "../../doc"))
        files = make(runs)
        try:
            write_out(files, out)
        except OSError as error:
            raise Trouble(f"cannot write to {out}: {error.strerror}") from None


if __name__ == "__main__":
    try:
        main()
    except Trouble as trouble:
        say(trouble)
        sys.exit(trouble.status)
    except BrokenPipeError:
        os._exit(1)  # whoever read has seen enough
    except OSError as error:
        say(f"cannot go on: {error.strerror}")
        sys.stderr.flush()
        os._exit(1)  # without trying once more to write what is left in stdout
    except KeyboardInterrupt:
        sys.exit(130)
