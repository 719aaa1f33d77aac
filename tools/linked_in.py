#!/usr/bin/env python3
"""What a program has inside besides our own code, and its licences: one list for copyright files and SBOMs.

    tools/linked_in.py linux|windows|portable          a line for each part: NAME <tab> FILE WITH ITS LICENCE
    tools/linked_in.py linux|windows|portable FILE     writes an SBOM (SPDX 2.3, JSON)

The programs: build/release (of the Debian package), build/windows and build/portable. Versions come from Debian's
package database, the pinned source packages of tools/static_libraries and npm's lock file.
"""
import dataclasses
import datetime
import functools
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Debian packages of this machine, whose headers, scripts or archives end up in the program: licences by SPDX's names.
# One of Boost has its version in its name.
_EVERYWHERE = {"libboost1.*-dev": "BSL-1.0", "nlohmann-json3-dev": "MIT", "libcli11-dev": "BSD-3-Clause",
               "duktape-dev": "MIT", "libjs-handlebars": "MIT"}
_MACHINE = {
    "linux": {**_EVERYWHERE, "libfmt-dev": "MIT", "libspdlog-dev": "MIT", "libyaml-cpp-dev": "MIT",
              "libsqlitecpp-dev": "MIT"},
    "windows": {**_EVERYWHERE, "mingw-w64-x86-64-dev": "ZPL-2.1",
                "g++-mingw-w64-x86-64-posix": "GPL-3.0-or-later WITH GCC-exception-3.1"},
    "portable": _EVERYWHERE,
}
# Source packages of tools/static_libraries; those that only tests use are not named.
_STATIC = {"curl": "curl", "fmtlib": "MIT", "krb5": "MIT", "mosquitto": "EPL-2.0 OR BSD-3-Clause",
           "nettle": "LGPL-3.0-or-later OR GPL-2.0-or-later", "openssl": "Apache-2.0", "spdlog": "MIT",
           "sqlite3": "blessing", "sqlitecpp": "MIT", "utf8proc": "MIT", "yaml-cpp": "MIT", "zlib": "Zlib"}
_NPM = ("preact", "@preact/signals", "@preact/signals-core")


@dataclasses.dataclass(frozen=True)
class Part:
    name: str
    version: str
    licence: str  # SPDX's expression
    terms: pathlib.Path  # the text of it
    purl: str
    source: str  # where it comes from, in words
    sha256: str = ""  # of the .dsc, or the .deb


def of_machine(pattern, licence):
    """The Debian package of that name that is installed here."""
    fields = "${db:Status-Status} ${Package} ${Version} ${source:Package} ${source:Version}\n"
    found = subprocess.run(["dpkg-query", "-W", "-f", fields, pattern], check=True, capture_output=True, text=True).stdout
    (package, version, source, source_version), = (line.split()[1:] for line in found.splitlines()
                                                   if line.startswith("installed "))
    return Part(package, version, licence, pathlib.Path(f"/usr/share/doc/{package}/copyright"),
                f"pkg:deb/debian/{package}@{version}", f"Debian source package {source} {source_version}")


@functools.cache
def _static_libraries():
    path = str(ROOT / "tools/static_libraries")
    loader = importlib.machinery.SourceFileLoader("static_libraries", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("static_libraries", loader))
    sys.modules["static_libraries"] = module
    loader.exec_module(module)
    return module


def _static(program):
    module = _static_libraries()
    built = {recipe.__name__.replace("_", "-") for recipe in module.TARGETS[program].needs}
    for name in sorted(built & _STATIC.keys()):
        version, digest = module.PACKAGES[name]
        yield Part(name, version, _STATIC[name], ROOT / f"build/{program}/libraries/licences/{name}",
                   f"pkg:deb/debian/{name}@{version}?arch=source", f"Debian source package {name} {version}", digest)


def _sysroot():
    """What the compiler adds to the program for any Linux."""
    for name, (source, digest) in _static_libraries().SYSROOT.items():
        package, version, _ = name.split("_")
        if source.startswith("gcc-"):
            yield Part(package, version, "GPL-3.0-or-later WITH GCC-exception-3.1",
                       pathlib.Path("/usr/share/doc/libstdc++6/copyright"), f"pkg:deb/debian/{package}@{version}",
                       f"Debian source package {source}", digest)


def _npm():
    locked = json.loads((ROOT / "ui/package-lock.json").read_text())["packages"]
    for name in _NPM:
        entry = locked[f"node_modules/{name}"]
        yield Part(name, entry["version"], entry["license"], ROOT / f"ui/node_modules/{name}/LICENSE",
                   f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}", f"npm package {name} {entry['version']}")


def parts(program):
    found = [of_machine(name, licence) for name, licence in _MACHINE[program].items()]
    if program != "linux":
        found += _static(program)
    if program == "portable":
        found += _sysroot()
    return sorted([*found, *_npm()], key=lambda part: part.name)


def _named_by_debian(terms):
    """The licences that a machine-readable copyright file names, which are more than the one of the whole."""
    return sorted(set(re.findall(r"^License: *(\S.*)$", terms.read_text(errors="replace"), re.M)))


def _package(part):
    named = _named_by_debian(part.terms)
    return {
        "SPDXID": "SPDXRef-" + re.sub(r"[^A-Za-z0-9.]", "-", part.name),
        "name": part.name, "versionInfo": part.version, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "sourceInfo": part.source, "licenseConcluded": "NOASSERTION", "licenseDeclared": part.licence,
        "copyrightText": "NOASSERTION",
        **({"licenseComments": "Debian's copyright file names: " + ", ".join(named)} if named else {}),
        **({"checksums": [{"algorithm": "SHA256", "checksumValue": part.sha256}],
            "comment": "the checksum is that of the .dsc, which has those of the sources, or of the .deb"}
           if part.sha256 else {}),
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": part.purl.replace("+", "%2B")}],
    }


def epoch():
    """Seconds since 1970 that all that is made has as its date: the same tree makes the same bytes."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return int(given or subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%ct"], check=True,
                                       capture_output=True, text=True).stdout)


def date():
    """The same, as ISO 8601 has it."""
    return datetime.datetime.fromtimestamp(epoch(), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def version():
    return re.search(r"^project\(tocsin VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text(), re.M)[1]


def sbom(program, more=()):
    """The document; `more` are parts that come beside the program."""
    packages = [_package(part) for part in [*parts(program), *more]]
    own = {"SPDXID": "SPDXRef-tocsin", "name": "tocsin", "versionInfo": version(), "downloadLocation": "NOASSERTION",
           "filesAnalyzed": False, "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0",
           "copyrightText": "the authors of tocsin", "primaryPackagePurpose": "APPLICATION"}
    names = "\n".join(f"{part['name']} {part['versionInfo']}" for part in packages)
    digest = hashlib.sha256(f"{program} {version()}\n{names}".encode()).hexdigest()[:32]
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"tocsin-{version()}-{program}", "documentNamespace": f"https://tocsin.invalid/spdx/{program}-{digest}",
        "creationInfo": {"created": date(), "creators": [f"Tool: tocsin-linked-in-{version()}"]},
        "packages": [own, *packages],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": own["SPDXID"]},
            *({"spdxElementId": own["SPDXID"], "relationshipType": "CONTAINS", "relatedSpdxElement": part["SPDXID"]}
              for part in packages)],
    }


def main(program, *file):
    if file:
        pathlib.Path(file[0]).write_text(json.dumps(sbom(program), indent=1) + "\n")
    else:
        for part in parts(program):
            print(f"{part.name}\t{part.terms}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in _MACHINE:
        sys.exit(__doc__)
    main(*sys.argv[1:])
