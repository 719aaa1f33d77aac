"""Foreign clients of the service control manager, whose answers ours must equal: Impacket's."""
import argparse
import contextlib
import importlib.util
import io
import pathlib
import unittest

_EXAMPLE = pathlib.Path("/usr/share/doc/python3-impacket/examples/services.py")


def require_impacket():
    """Skips the test where Impacket or its example program is missing."""
    if not importlib.util.find_spec("impacket"):
        raise unittest.SkipTest("python3-impacket is not installed")
    if not _EXAMPLE.exists():
        raise unittest.SkipTest(f"{_EXAMPLE} is missing")


def services_py(port, user, password, action, name=None):
    """What Impacket's services.py prints. Its command line takes ports 139 and 445 only, so the
    class behind it is called as the command line does."""
    specification = importlib.util.spec_from_file_location("services_example", _EXAMPLE)
    example = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(example)
    options = argparse.Namespace(action=action, name=name, aesKey=None, k=False, dc_ip=None,
                                 hashes=None)
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        example.SVCCTL(user, password, "", options, port).run("127.0.0.1", "127.0.0.1")
    return output.getvalue()


def services_py_list(port, user, password):
    """{name: (display name, state)}, the states as Impacket words them."""
    listed = {}
    for line in services_py(port, user, password, "list").splitlines():
        fields = [field.strip() for field in line.split(" - ")]
        if len(fields) == 3:
            listed[fields[0]] = (fields[1], fields[2])
    return listed


def running_services(port, user, password):
    """The names of the services that run."""
    return [name for name, (_, state) in services_py_list(port, user, password).items() if state == "RUNNING"]


class ServiceManager:
    """An open session of Impacket's with a service control manager: stops, starts and asks."""

    def __init__(self, port, user, password):
        from impacket.dcerpc.v5 import scmr, transport
        self._scmr = scmr
        self._transport = transport.SMBTransport("127.0.0.1", port, r"\svcctl", username=user,
                                                 password=password)
        self._rpc = self._transport.get_dce_rpc()
        self._services = {}

    def __enter__(self):
        self._rpc.connect()
        self._rpc.bind(self._scmr.MSRPC_UUID_SCMR)
        self._manager = self._scmr.hROpenSCManagerW(self._rpc)["lpScHandle"]
        return self

    def _service(self, name):
        if name not in self._services:
            self._services[name] = self._scmr.hROpenServiceW(
                self._rpc, self._manager, name + "\x00")["lpServiceHandle"]
        return self._services[name]

    def stop(self, name):
        self._scmr.hRControlService(self._rpc, self._service(name), self._scmr.SERVICE_CONTROL_STOP)

    def stop_so_many(self, count, names):
        """Of these, one after the other, but none that others depend on which run; the others of them."""
        left = []
        for name in names:
            try:
                if count:
                    self.stop(name)
                    count -= 1
                    continue
            except self._scmr.DCERPCSessionError as error:
                if error.get_error_code() != 1051:  # ERROR_DEPENDENT_SERVICES_RUNNING
                    raise
            left.append(name)
        if count:
            raise AssertionError(f"{count} too few: {left}")
        return left

    def pause(self, name):
        self._scmr.hRControlService(self._rpc, self._service(name), self._scmr.SERVICE_CONTROL_PAUSE)

    def start(self, name):
        self._scmr.hRStartServiceW(self._rpc, self._service(name))

    def state(self, name):
        """1 stopped ... 4 running ... 7 paused."""
        status = self._scmr.hRQueryServiceStatus(self._rpc, self._service(name))
        return status["lpServiceStatus"]["dwCurrentState"]

    def __exit__(self, *_):
        with contextlib.suppress(Exception):  # the host may have gone meanwhile
            self._rpc.disconnect()
