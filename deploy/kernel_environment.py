"""The environment of every kernel of a server, with which many of them share a machine."""

# One thread each: torch alone would take all cores for every student. Memory goes back to the system when a run is
# over: the C library would keep it, thirty times. The debugger's remark about frozen modules is nobody's business.
KERNEL_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "262144",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}

# A message passes through threads of the kernel that ask for the interpreter's lock some dozens of times; with Python's
# own 5 ms each, a slider waits for seconds on a machine that thirty share. No variable sets it: kernels are told.
SWITCH_SECONDS = 0.0005
