"""machine: what the figures were measured on."""

import os
import platform
import statistics
import subprocess
import time


def first_line(path, field):
    try:
        with open(path, encoding="utf-8") as f:
            for line in f:
                name, _, value = line.partition(":")
                if name.strip() == field:
                    return value.strip()
    except OSError:
        pass
    return "unknown"


def file_system(folder):
    """Type and device of the mount that holds folder."""
    best = ("", "unknown", "unknown")
    real = os.path.realpath(folder)
    with open("/proc/self/mounts", encoding="utf-8") as f:
        for line in f:
            device, point, kind = line.split()[:3]
            inside = real == point or real.startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(best[0]):
                best = (point, kind, device)
    return {"type": best[1], "device": os.path.basename(best[2])}


def fsync_us(folder, times=50):
    """How long a 4 KiB append and its fdatasync take: median, least, most."""
    path = os.path.join(folder, "fsync")
    taken = []
    with open(path, "wb", buffering=0) as f:
        for _ in range(times):
            began = time.perf_counter()
            f.write(b"\0" * 4096)
            os.fdatasync(f.fileno())
            taken.append((time.perf_counter() - began) * 1e6)
    os.remove(path)
    return {"median": round(statistics.median(taken), 1),
            "min": round(min(taken), 1), "max": round(max(taken), 1)}


def commit(root):
    try:
        named = subprocess.run(
            ["git", "-C", root, "describe", "--always", "--dirty"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        return named.stdout.decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def facts(root, folder):
    """folder: where the stores will lie."""
    memory = first_line("/proc/meminfo", "MemTotal").split()[0]
    return {
        "cpu": first_line("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_mib": int(memory) // 1024 if memory.isdigit() else 0,
        "kernel": platform.release(),
        "file_system": file_system(folder),
        "fsync_us": fsync_us(folder),
        "load": list(os.getloadavg()),
        "commit": commit(root),
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }
