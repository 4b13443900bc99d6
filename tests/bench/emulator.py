"""A small terminal: what a program has drawn, cell by cell, and how many bytes the cells that changed between two frames need."""
import re
import unicodedata

TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b[()][0-9A-B]|\x1b[=>78]|[\r\n\b\x0f]|[^\x1b\r\n\b\x0f]+|\x1b")
PLAIN = ("39", "49", frozenset())


class Emulator:
    def __init__(self, columns, rows):
        self.w, self.h, self.x, self.y, self.pen = columns, rows, 0, 0, PLAIN
        self.cells = [(" ", PLAIN)] * (columns * rows)
        self.rest = b""

    def feed(self, data):
        data = self.rest + data
        whole, self.rest = data, b""  # a sequence or a character that is not whole waits for its rest
        tail = data[data.rfind(b"\x1b"):] if b"\x1b" in data else b""
        if tail and not re.match(rb"\x1b(\[[0-9;?]*[A-Za-z]|[()][0-9A-B]|[=>78])", tail):
            whole, self.rest = data[:-len(tail)], tail
        else:
            for back in range(1, 4):
                if len(data) >= back and data[-back] >= 0xc0 and back < (2 if data[-back] < 0xe0 else 3 if data[-back] < 0xf0 else 4):
                    whole, self.rest = data[:-back], data[-back:]
        for m in TOKEN.finditer(whole.decode("utf-8", "replace")):
            self.token(m)

    def token(self, m):
        text = m.group(0)
        if m.group(2):
            self.sequence(m.group(1), m.group(2))
        elif text in "\r\n\b":
            self.x = 0 if text == "\r" else max(0, self.x - 1) if text == "\b" else self.x
            self.y = min(self.h - 1, self.y + (text == "\n"))
        elif text[0] >= " ":
            for c in text:
                wide = 2 if unicodedata.east_asian_width(c) in "WF" else 1
                if self.x < self.w:
                    self.cells[self.y * self.w + self.x] = (c, self.pen)
                self.x += wide

    def sequence(self, parameters, final):
        p = [int(v) if v.isdigit() else 0 for v in parameters.split(";")]
        n = p[0] or 1
        if final == "H":
            self.y, self.x = min(self.h, n) - 1, min(self.w, (p[1] if len(p) > 1 and p[1] else 1)) - 1
        elif final == "d":
            self.y = min(self.h, n) - 1
        elif final == "A":
            self.y = max(0, self.y - n)
        elif final == "B":
            self.y = min(self.h - 1, self.y + n)
        elif final == "C":
            self.x = min(self.w - 1, self.x + n)
        elif final == "D":
            self.x = max(0, self.x - n)
        elif final in "JK":
            end = self.w * self.h if final == "J" else (self.y + 1) * self.w
            begin = 0 if final == "J" and p[0] == 2 else self.y * self.w + self.x
            for i in range(begin, end):
                self.cells[i] = (" ", ("39", self.pen[1], frozenset()))
        elif final == "m":
            self.attributes(p)

    def attributes(self, p):
        ink, ground, on = self.pen[0], self.pen[1], set(self.pen[2])
        i = 0
        while i < len(p):
            v = p[i]
            if v in (38, 48):
                k = 3 if p[i + 1] == 5 else 5
                text = ";".join(str(n) for n in p[i:i + k])
                ink, ground = (text, ground) if v == 38 else (ink, text)
                i += k
                continue
            if v == 0:
                ink, ground, on = "39", "49", set()
            elif v in (1, 2, 4, 7):
                on.add(v)
            elif v in (22, 24, 27):
                on -= {22: {1, 2}, 24: {4}, 27: {7}}[v]
            elif 30 <= v <= 39:
                ink = str(v)
            elif 40 <= v <= 49:
                ground = str(v)
            i += 1
        self.pen = (ink, ground, frozenset(on))

    def row(self, y):
        return "".join(c for c, _ in self.cells[y * self.w:(y + 1) * self.w])

    def snapshot(self):
        return list(self.cells)


def look_needs(a, b):
    """Bytes from one look to another: what is another, or all of it anew, whichever is shorter."""
    if a == b:
        return 0
    parts = [{1: "22", 2: "22", 4: "24", 7: "27"}[v] for v in a[2] - b[2]] + [str(v) for v in b[2] - a[2]]
    parts += [b[k] for k in (0, 1) if a[k] != b[k]]
    anew = [str(v) for v in b[2]] + [b[k] for k in (0, 1) if b[k] not in ("39", "49")]
    return min(len(";".join(set(parts))) + 3, len(";".join(anew)) + 3 + (2 if anew else 0))


def needs(before, after, w, pen):
    """Bytes that the changed cells need: a motion to each run of them, their looks and their characters; and the pen at the end."""
    total, at = 0, None
    for i, (a, b) in enumerate(zip(before, after)):
        bare = a[0] == b[0] == " " and a[1][1] == b[1][1] and not (a[1][2] | b[1][2]) & {4, 7}
        if a == b or bare:
            continue
        y, x = divmod(i, w)
        if at is None or at[1] != y:
            total += len(f"\x1b[{y + 1};{x + 1}H")
        elif at[0] != x:
            total += min(x - at[0], len(f"\x1b[{x - at[0]}C"))
        total += look_needs(pen, b[1]) + len(b[0].encode())
        pen, at = b[1], (x + 1, y)
    return total, pen
