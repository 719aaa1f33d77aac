"""`tocsin start` and `stop` through the Windows API, and `policy.recovery` with it."""
import unittest

import controlled
import wine
from program import require_tocsin


def setUpModule():
    require_tocsin()


class OnThisMachine(controlled.ServicesThatRun):
    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(wine.Prefix())
        cls.install(cls.enterClassContext(wine.Services()))
        cls.host = "localhost"

    def entry(self, names):
        return wine.host(names)


if __name__ == "__main__":
    unittest.main()
