"""The table of hostile plugins: what each does, and what the user of its trigger sees."""

from tests.acceptance.hostile.case import WRITES, Case, RequestCase, ended, late

SPIN = "while True:\n    pass"
# Each doubles the processes: 64 of them are ended with the run.
FORKS = 6

ENDLESS = {
    "sleeps for ever": late("import time\ntime.sleep(3600)"),
    "loops for ever": late(SPIN),
    "holds the interpreter in a pattern": late("import re\nre.match('(a+)+$', 'a' * 64 + 'b')"),
    "holds the interpreter in C": late(
        "import ctypes\nwhile True:\n    ctypes.PyDLL(None).sleep(3600)"
    ),
    "stops its process": late(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGSTOP)\ntime.sleep(3600)"
    ),
    "waits for a child that hangs": late("import subprocess\nsubprocess.run(['sleep', '3600'])"),
    "forks again and again": late(
        f"import os, time\nfor _ in range({FORKS}):\n    os.fork()\ntime.sleep(3600)"
    ),
    "ignores all signals": late(
        "import contextlib, signal, time\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\ntime.sleep(3600)"
    ),
    "catches all that ends a run": late(
        "while True:\n    try:\n        while True:\n            pass\n"
        "    except BaseException:\n        pass"
    ),
    "logs for ever": late("while True:\n    influxdb3_local.info('flood')"),
}
ENDED = {
    "crashes in C": ended("import ctypes\nctypes.string_at(0)", r"was killed by signal 11 "),
    "exits as if all were well": ended("import os\nos._exit(0)", "ended with exit status 0"),
    "exits with a status": ended("import os\nos._exit(7)", "ended with exit status 7"),
    "aborts": ended("import os\nos.abort()", r"was killed by signal 6 \(SIGABRT\)"),
    "kills itself": ended(
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        r"was killed by signal 9 \(SIGKILL\)",
    ),
    "sets an alarm": ended(
        "import signal, time\nsignal.alarm(1)\ntime.sleep(3600)",
        r"was killed by signal 14 \(SIGALRM\)",
    ),
    "limits its processor time": ended(
        f"import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\n{SPIN}",
        r"was killed by signal \d+ \(SIG(XCPU|KILL)\)",
    ),
    "closes all descriptors": ended("import os\nos.closerange(0, 4096)", "lost its connection"),
    "writes to all descriptors": ended(
        "import os\nfor n in range(3, 64):\n    try:\n        os.write(n, b'x' * 100)\n"
        "    except OSError:\n        pass",
        "sent what is no message",
    ),
    "breaks what is built in": ended(
        "import builtins\nfor n in ('len', 'print', 'isinstance', 'type', 'str', 'dict', 'list'):\n"
        "    delattr(builtins, n)",
        "ended with exit status 71",
    ),
    "calls itself without a limit, in C": ended(
        "import sys\nsys.setrecursionlimit(10**9)\n"
        "class A:\n    def __repr__(self):\n        return repr(self)\nrepr(A())",
        r"was killed by signal 11 \(SIGSEGV\)",
    ),
}
RAISING = {
    "leaves the interpreter": Case("import sys\nsys.exit(3)", "SystemExit: 3"),
    "raises what nobody catches": Case("raise BaseException('gone')", "BaseException: gone"),
    "interrupts itself": Case("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "raises what has no words": Case(
        "class Mute(Exception):\n    def __str__(self):\n        raise ValueError('no words')\n"
        "raise Mute",
        r"Mute: <exception str\(\) failed: ValueError>",
    ),
    "calls itself": Case("process_writes(influxdb3_local, [], None)", "RecursionError"),
    "fills a list with 20 GB": Case(
        "kept = []\nwhile len(kept) < 640:\n    kept.append([0] * (1 << 22))",
        "MemoryError",
        settings={"memory_limit_bytes": 512_000_000},
    ),
    "writes no line protocol": Case("influxdb3_local.write('nonsense')", "nonsense"),
    "writes half a line of many": Case(
        "influxdb3_local.write('t v=1i')\ninfluxdb3_local.write('t v=')", "t v="
    ),
    "writes to a database with a bad name": Case(
        "influxdb3_local.write_to_db('../etc', 't v=1i')", "etc"
    ),
    "writes to the server's database": Case(
        "influxdb3_local.write_to_db('_internal', 't v=1i')", "ValueError: cannot write to _int"
    ),
    "asks an unknown database": Case(
        "influxdb3_local.query('SELECT 1', database='nowhere')", "QueryError: .*nowhere"
    ),
    "shares what cannot be copied": Case(
        "influxdb3_local.cache.put('k', lambda: 0, use_global=True)", "pickle"
    ),
    "keeps a huge value": Case(
        "influxdb3_local.state.put('k', 'x' * 1_000_000)",
        "ValueError: the value of state 'k' has .* passes the maximum of 65536 bytes",
    ),
    "keeps too many values": Case(
        "for n in range(10_000):\n    influxdb3_local.state.put(f'key {n}', 'x' * 200)",
        "the state of the trigger would have .* the maximum is 1048576 bytes",
    ),
    "has no entry point": Case("globals()\n", "process_writes function is not present", whole=True),
    "imports what is not there": Case(
        f"import no_such_module\n{WRITES}    pass\n", "ModuleNotFoundError", whole=True
    ),
    "is no Python": Case("def process_writes(:\n", "SyntaxError", whole=True),
    "has a NUL byte": Case(f"{WRITES}    pass\n\0", "contains null bytes", whole=True),
    "raises while it is loaded": Case(
        f"raise ValueError('loaded')\n{WRITES}    pass\n", "ValueError: loaded", whole=True
    ),
}
# These end well; what they have done must reach nobody else, nor their own next run.
WELL = {
    "closes its output": Case(
        "import os, sys\nsys.stdout.close()\nsys.stderr.close()\n[os.close(n) for n in (1, 2)]"
    ),
    "closes its input": Case("import os\nos.close(0)"),
    "prints without end": Case("for _ in range(20_000):\n    print('flood ' * 20)"),
    "prints half characters": Case("print('\\ud800')\ninfluxdb3_local.info('\\ud800')"),
    "logs a lot": Case("for n in range(3_000):\n    influxdb3_local.info('flood', n)", log="flood"),
    "logs a huge line": Case("influxdb3_local.info('x' * 100_000_000)", log="more characters"),
    "returns a huge value": Case("return 'x' * (1 << 28)"),
    "leaves threads behind": Case(
        "import threading\ndef spin():\n    while True:\n        pass\n"
        "for _ in range(4):\n    threading.Thread(target=spin).start()"
    ),
    "leaves a process behind": Case("import subprocess\nsubprocess.Popen(['sleep', '3600'])"),
    "leaves a process behind that has left its group": Case(
        "import subprocess\nsubprocess.Popen(['sleep', '3600'], start_new_session=True)"
    ),
    "leaves a daemon behind": Case(
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        time.sleep(3600)\n    os._exit(0)"
    ),
    "goes on as two": Case("import os\nos.fork()"),
    "deletes its own file": Case("import os\nos.unlink(__file__)"),
    "goes to another folder": Case("import os\nos.chdir('/proc')"),
    "never collects": Case("import gc\ngc.disable()\ngc.set_threshold(0)"),
    "lets no file be opened": Case(
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))"
    ),
    "forgets all modules": Case("import sys\nfor n in list(sys.modules):\n    del sys.modules[n]"),
    "keeps a thousand values": Case(
        "for n in range(1_000):\n    influxdb3_local.state.put(f'key {n}', n)"
    ),
}
CASES = ENDLESS | ENDED | RAISING | WELL

REQUESTS = {
    "answers with 300 MB": RequestCase("return 'x' * 300_000_000", 500, "passes the maximum of"),
    "never answers": RequestCase(
        "import time\ntime.sleep(3600)", 504, "within its limit of 1 s", {"time_limit": "1s"}
    ),
    "loops before it answers": RequestCase(SPIN, 504, "limit of 1 s", {"time_limit": "1s"}),
    "crashes before it answers": RequestCase(
        "import ctypes\nctypes.string_at(0)", 500, r"signal 11 \(SIGSEGV\)"
    ),
    "exits before it answers": RequestCase("import os\nos._exit(0)", 500, "exit status 0"),
    "answers with what is no answer": RequestCase(
        "return object()", 500, "Unsupported return type"
    ),
    "answers with a circle": RequestCase("a = {}\na['a'] = a\nreturn a", 500, "ircular"),
    "answers with a bad header": RequestCase(
        "return 'x', 200, {'X-Bad': 'a\\r\\nInjected: b'}", 200, "^x$"
    ),
    "answers with a bad status": RequestCase("return 'x', 99999", 500, "x"),
    "raises before it answers": RequestCase("raise BaseException('gone')", 500, "Exception: gone"),
}
