"""medicine: the illnesses, drugs and examinations of phrases.py, and what is said of each."""
import phrases as P
from text import CASUAL_DRUGS, Weighted, phrase


class Illness:
    def __init__(self, line):
        self.code, self.name, weight, self.group, self.who = line.split("|")
        self.weight = float(weight)

    def fits(self, sex, age):
        if ("m" in self.who and sex != "1") or (("f" in self.who or self.group in ("women", "mother")) and sex != "2"):
            return False
        if self.group in ("women", "mother") and not 13 <= age < (47 if self.group == "mother" else 120):
            return False
        least = 48 if "e" in self.who else 16 if "a" in self.who else 0
        most = 3 if "b" in self.who else 13 if "c" in self.who else 200
        return least <= age < most


class Drug:
    def __init__(self, line, number):
        (self.name, self.english, self.spec, self.unit, self.route, doses, freqs, course, price,
         groups) = line.split("|")
        self.ref, self.code = "D%03d" % number, "YP%04d" % number
        self.doses = [float(x) if "." in x else int(x) for x in doses.split(",")]
        self.freqs, self.course, self.price = freqs.split(","), [int(x) for x in course.split(",")], int(price)
        self.groups = groups.split()


ILLNESSES = [Illness(x) for x in P.DIAGNOSES.split("\n") if x]
ILLNESS = {x.code: x for x in ILLNESSES}
DRUGS = [Drug(x, i + 1) for i, x in enumerate(x for x in P.DRUGS.split("\n") if x)]
CASUAL_DRUGS += [d.name.removesuffix("片").removesuffix("胶囊").removesuffix("颗粒") for d in DRUGS if d.route == "po"]
DRUG_CHOICE = {g: Weighted(*zip(*((d, 3.0 / (1 + d.groups.index(g)) / (1 + i) ** .3)
                                  for i, d in enumerate(x for x in DRUGS if g in x.groups)))) for g in P.GROUPS}
GROUP = {g: {k: [phrase(x) for x in v] for k, v in d.items() if k != "vit"} for g, d in P.GROUPS.items()}
EXAMS = [x.split(" # ") for x in P.EXAMS.split("\n") if x]
EXAMS = [e[:3] + [phrase(e[3]), phrase(e[4])] for e in EXAMS]
AGE_EDGES = (3, 13, 16, 47, 48)                  # where some illness begins or ends
WINTER = {"cold": .45, "chest": .35, "gut": -.3, "skin": -.4, "wound": -.15, "heart": .15}
CHRONIC = (("I10", 33, .012, .58), ("E11.9", 36, .005, .2), ("I25.1", 45, .005, .16), ("I69.3", 50, .004, .1),
           ("J44.9", 50, .004, .1), ("M17.9", 50, .005, .15), ("G47.0", 40, .002, .06), ("F20.9", 20, .001, .012))
GREEN = {"I21.9": "chest_pain", "I20.9": "chest_pain", "I63.9": "stroke", "G45.9": "stroke", "S06.0": "trauma",
         "S52.5": "trauma", "T60.0": "other", "R56.0": "other", "O21.0": "maternal", "K92.2": "none", "K35.8": "none",
         "J18.9": "none", "I50.9": "none", "P59.9": "neonatal"}
