"""A network switch in user space, for networks that are bad on purpose.

    switch.py <delay ms> <jitter ms> <loss> <device>...

Makes one tap device for each name, says "ready", and carries Ethernet frames between them: each after its own delay of
delay ± jitter (uniform, so that frames overtake each other), or never, with probability loss. What netem does, where the
kernel has no netem. A line "part 0 1" on stdin lets the first two devices reach each other only, and the rest each other
only; "heal" ends that; the end of stdin ends the switch.
"""
import fcntl, heapq, itertools, os, random, selectors, struct, sys, time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
delay, jitter, loss = float(sys.argv[1]) / 1000, float(sys.argv[2]) / 1000, float(sys.argv[3])
selector = selectors.DefaultSelector()
taps = []
for name in sys.argv[4:]:
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    selector.register(tap, selectors.EVENT_READ, len(taps))
    taps.append(tap)
os.set_blocking(0, False)
selector.register(0, selectors.EVENT_READ, None)
print("ready", flush=True)

ports = {}  # where a hardware address was last seen
side = [0] * len(taps)
waiting = []  # (when, number, to, frame)
number = itertools.count()
draw = random.Random(1)


def carry(source: int, frame: bytes) -> None:
    to, sender = frame[:6], frame[6:12]
    ports[sender] = source
    for target in [ports[to]] if to in ports else range(len(taps)):
        if target == source or side[target] != side[source] or draw.random() < loss:
            continue
        when = time.monotonic() + delay + draw.uniform(-jitter, jitter)
        heapq.heappush(waiting, (when, next(number), target, frame))


while True:
    pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
    for key, _ in selector.select(pause):
        if key.data is None:
            command = os.read(0, 4096).decode().split()
            if not command:
                sys.exit()
            chosen = {int(port) for port in command[1:]} if command[0] == "part" else set()
            side = [int(port in chosen) for port in range(len(taps))]
            continue
        try:
            while True:
                carry(key.data, os.read(key.fd, 65536))
        except (BlockingIOError, OSError):
            pass
    while waiting and waiting[0][0] <= time.monotonic():
        _, _, target, frame = heapq.heappop(waiting)
        try:
            os.write(taps[target], frame)
        except OSError:
            pass  # a full queue drops, as any switch does
