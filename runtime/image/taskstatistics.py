"""What each task did, in figures: a row a task in the image segment, so that there may be any number of tasks.

The rows belong to one version of the programs, as the tasks do; the figures of the scan as a whole lie in the control
segment. Writer: scan. They are zeroed with those of the scan.
"""

import ctypes

from runtime.image.control import Histogram


class TaskStatistics(ctypes.Structure):
    """One task since the last reset."""

    _fields_ = (
        ("runs", ctypes.c_uint64),
        ("overruns", ctypes.c_uint64),  # turns that ended after the task's next release
        ("cuts", ctypes.c_uint64),  # turns that were cut because the budget was used up
        ("faults", ctypes.c_uint64),
        ("left_out", ctypes.c_uint64),  # turns left out after an overrun, by the policy `skip`
        ("reserved", ctypes.c_uint64 * 3),
        ("execution", Histogram),
    )


TASK_STATISTICS_SIZE = ctypes.sizeof(TaskStatistics)
