# ruff: noqa: T201  (a script: it reports by printing)
"""Pictures of handwritten digits: a detection data set, and the example pictures beside this file.

Digits are pasted onto paper, boards, textures and photos. Everything comes from inside the
scikit-learn and scikit-image wheels, nothing is downloaded.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Float = NDArray[np.float32]
Box = tuple[float, float, float, float]  # x1 y1 x2 y2, pixels

NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
LOOPS = {0: (1,), 4: (0, 1), 6: (1,), 8: (2,), 9: (1,)}  # how many a legible digit may have
# Backgrounds of "held" are never trained on; val and example pictures use nothing else.
BACKGROUNDS = {
    "train": "astronaut.png brick.png camera.png cell.png chelsea.png coins.png color.png grass.png"
    " ihc.png moon.png page.png retina.jpg rocket.jpg china.jpg",
    "held": "coffee.png flower.jpg gravel.png hubble_deep_field.jpg",
}
PENS = {  # RGB
    "dark": [(25, 25, 35), (20, 40, 120), (120, 20, 25), (15, 85, 45), (90, 30, 110), (40, 40, 40)],
    "light": [(245, 245, 240), (255, 225, 90), (255, 170, 190), (150, 225, 255), (170, 245, 170)],
}


@dataclass(frozen=True)
class Scene:
    """A picture to compose; heights are relative to its longer side."""

    width: int
    height: int
    digits: int
    surface: str  # "paper", "board" or the name of a background
    heights: tuple[float, float] = (0.07, 0.4)
    seed: int = 0


# The seeds were chosen by look. The digits come from a pool that neither train nor val uses.
EXAMPLES = {
    "notebook-page": Scene(720, 960, 9, "paper", (0.10, 0.20), seed=6),
    "coffee-table": Scene(640, 480, 6, "coffee.png", (0.14, 0.28), seed=7),
    "gravel-path": Scene(1280, 720, 7, "gravel.png", (0.11, 0.28), seed=7),
    "chalkboard": Scene(1920, 1080, 10, "board", (0.09, 0.22), seed=21),
}


def pen_path(sample: Float) -> Float:
    """How far each of 96 x 96 points is from the strokes of an 8 x 8 sample, in its cells."""
    from skimage.morphology import skeletonize

    level = cv2.resize(np.pad(sample, 2), (96, 96), interpolation=cv2.INTER_CUBIC)
    ridges = cv2.GaussianBlur(level, (0, 0), 2) - cv2.GaussianBlur(level, (0, 0), 7)
    path = skeletonize(ridges > 0.3).astype(np.uint8)
    distance = cv2.distanceTransform(1 - path, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(cv2.GaussianBlur(distance, (0, 0), 1.5) / 8, np.float32)


def is_legible(distance: Float, number: int) -> bool:
    """Whether the loops survived the 8 x 8 pixels: a nine whose loop is open is no nine."""
    areas, _ = cv2.connectedComponents((distance >= 0.5).astype(np.uint8), connectivity=4)
    parts, _ = cv2.connectedComponents((distance < 0.5).astype(np.uint8))
    return areas - 2 in LOOPS.get(number, (0,)) and parts == 2


def digit_pools() -> dict[str, list[tuple[Float, int]]]:
    """Pen paths and classes of the legible ones of 1,797 samples, split 80, 10 and 10 %."""
    from sklearn.datasets import load_digits

    samples, classes = load_digits(return_X_y=True)
    paths = [pen_path(sample.reshape(8, 8).astype(np.float32)) for sample in samples]
    pairs = zip(paths, map(int, classes), strict=True)
    legible = [(path, number) for path, number in pairs if is_legible(path, number)]
    order = np.random.default_rng(0).permutation(len(legible))
    train, val = int(0.8 * len(order)), int(0.9 * len(order))
    parts = {"train": order[:train], "val": order[train:val], "example": order[val:]}
    return {name: [legible[i] for i in part] for name, part in parts.items()}


def background(name: str) -> Image:
    import skimage
    import sklearn.datasets

    picture = Path(skimage.__file__).parent / "data" / name
    photo = Path(sklearn.datasets.__file__).parent / "images" / name
    with PIL.Image.open(picture if picture.exists() else photo) as image:
        return np.asarray(image.convert("RGB"))


def clouds(width: int, height: int, cells: int, rng: np.random.Generator) -> Float:
    """Smooth noise, (height, width) float32 around 0."""
    noise = rng.normal(size=(cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def paper(width: int, height: int, rng: np.random.Generator) -> Image:
    """Plain, ruled or squared paper, a little shaded."""
    page = np.full((height, width, 3), rng.uniform((225, 222, 205), (252, 250, 245)), np.float32)
    step = int(max(width, height) / rng.uniform(18, 34))
    line, thick = rng.uniform((120, 150, 180), (200, 215, 235)), max(1, max(width, height) // 500)
    ruling = rng.choice(["plain", "ruled", "squared"], p=[0.2, 0.5, 0.3])
    first = int(rng.integers(step, 3 * step))
    if ruling != "plain":
        for y in range(first, height, step):
            cv2.line(page, (0, y), (width, y), line.tolist(), thick, cv2.LINE_AA)
    if ruling == "squared":
        for x in range(first % step, width, step):
            cv2.line(page, (x, 0), (x, height), line.tolist(), thick, cv2.LINE_AA)
    elif ruling == "ruled":
        cv2.line(page, (width // 8, 0), (width // 8, height), (225, 130, 130), thick, cv2.LINE_AA)
    page += 4 * clouds(width, height, 4, rng)[..., None] + rng.normal(0, 2, page.shape)
    return page.clip(0, 255).astype(np.uint8)


def board(width: int, height: int, rng: np.random.Generator) -> Image:
    """A wiped chalkboard: green, black or blue."""
    slate = [(38, 70, 56), (44, 46, 50), (36, 54, 78)][rng.integers(3)]
    smear = 7 * clouds(width, height, 6, rng) + 5 * clouds(width, height, 40, rng)
    smear += 4 * cv2.blur(rng.normal(size=(height, width)).astype(np.float32) * 6, (41, 3))
    wiped = np.array(slate, np.float32) + smear[..., None] + rng.normal(0, 2, (height, width, 1))
    return wiped.clip(0, 255).astype(np.uint8)


def photo(name: str, width: int, height: int, rng: np.random.Generator) -> Image:
    """A crop of a background, flipped and brightened at random."""
    image = background(name)
    scale = max((width + 1) / image.shape[1], (height + 1) / image.shape[0]) * rng.uniform(1.0, 1.6)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    image = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=method), np.uint8)
    room = np.subtract(image.shape[:2], (height, width)).clip(0)
    y, x = (int(rng.integers(0, free + 1)) for free in room)
    crop = image[y : y + height, x : x + width, :]
    crop = crop[:, ::-1] if rng.random() < 0.5 else crop
    return (crop * rng.uniform(0.7, 1.15)).clip(0, 255).astype(np.uint8)


def ink(path: Float, height: int, rng: np.random.Generator) -> Float:
    """The digit in pen strokes: coverage 0..1, cropped to the ink, about `height` pixels high."""
    angle, slant = np.radians(rng.uniform(-22, 22)), rng.uniform(-0.2, 0.2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    warp = turn @ np.array([[rng.uniform(0.75, 1.1), slant], [0, 1]]) * height / 62
    canvas = 2 * height + 8
    matrix = np.column_stack([warp, canvas / 2 - warp @ np.array([48, 48])])
    distance = cv2.warpAffine(
        path, matrix, (canvas, canvas), flags=cv2.INTER_CUBIC, borderValue=9.0
    )
    radius = rng.uniform(0.35, 0.75) + 0.05 * clouds(canvas, canvas, 12, rng)
    coverage = ((radius - distance) * height / 8 / rng.uniform(0.8, 2.0) + 0.5).clip(0, 1)
    rows, columns = (np.flatnonzero((coverage > 0.3).any(axis)) for axis in (1, 0))
    return np.asarray(coverage[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], np.float32)


def pen(under: Image, coverage: Float, rng: np.random.Generator) -> Float:
    """A colour (3,) that can be read on the pixels under the ink."""
    grey = under.mean(axis=2)[coverage > 0.3]
    shade = "dark" if grey.mean() > rng.normal(125, 15) else "light"
    colour = np.array(PENS[shade][rng.integers(len(PENS[shade]))]) + rng.normal(0, 8, 3)
    needed = min(60 + grey.std(), 110)  # a busy background asks for more contrast
    if abs(colour.mean() - grey.mean()) < needed:
        colour = np.full(3, 15.0 if grey.mean() > 127 else 245.0)
    return colour.astype(np.float32)


def compose(scene: Scene, pool: list[tuple[Float, int]]) -> tuple[Image, list[tuple[int, Box]]]:
    """The picture, and class and box of every digit on it; no two touch."""
    rng = np.random.default_rng(scene.seed)
    width, height = scene.width, scene.height
    drawn: dict[str, Callable[..., Image]] = {"paper": paper, "board": board}
    draw = drawn.get(scene.surface)
    image = draw(width, height, rng) if draw else photo(scene.surface, width, height, rng)
    picture, taken = image.astype(np.float32), np.zeros((height, width), bool)
    found: list[tuple[int, Box]] = []
    for _ in range(40 * scene.digits):
        if len(found) == scene.digits:
            break
        relative = np.exp(rng.uniform(*np.log(scene.heights)))
        path, number = pool[rng.integers(len(pool))]
        strokes = ink(path, round(relative * max(width, height)), rng)
        h, w = strokes.shape
        if h >= 0.9 * height or w >= 0.9 * width:
            continue
        x, y = int(rng.integers(2, width - w - 1)), int(rng.integers(2, height - h - 1))
        gap = 3 + max(h, w) // 12
        if taken[max(0, y - gap) : y + h + gap, max(0, x - gap) : x + w + gap].any():
            continue
        taken[y : y + h, x : x + w] = True
        place = picture[y : y + h, x : x + w]
        colour = pen(place.astype(np.uint8), strokes, rng)
        grain = 1 - rng.uniform(0, 0.2) * rng.random((h, w), np.float32)
        alpha = (strokes * rng.uniform(0.8, 1.0) * grain)[..., None]
        place[:] = place * (1 - alpha) + colour * alpha
        found.append((number, (x, y, x + w, y + h)))
    return picture.clip(0, 255).astype(np.uint8), found


def weather(image: Image, rng: np.random.Generator) -> Image:
    """What cameras do: blur, noise, exposure."""
    if rng.random() < 0.4:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.1)), np.uint8)
    noise = rng.normal(0, rng.uniform(0, 8), image.shape[:2])[..., None]
    return (image * rng.uniform(0.75, 1.15) + noise).clip(0, 255).astype(np.uint8)


def save_jpeg(path: Path, image: Image, quality: int) -> None:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(path), bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])


def scenes(split: str, count: int, side: int, seed: int) -> Iterator[Scene]:
    rng = np.random.default_rng((seed, split == "train"))
    photos = BACKGROUNDS["train" if split == "train" else "held"].split()
    for _ in range(count):
        short = round(side * rng.choice([1, 3 / 4, 9 / 16]))
        width, height = (side, short) if rng.random() < 0.7 else (short, side)
        surface = str(rng.choice(["paper", "board", str(rng.choice(photos))], p=[0.25, 0.1, 0.65]))
        digits, scene_seed = int(rng.integers(1, 10)), int(rng.integers(2**31))
        yield Scene(width, height, digits, surface, seed=scene_seed)


def label_line(number: int, box: Box, scene: Scene) -> str:
    """`class x y w h`, centre and size relative to the picture, as YOLO's label files have it."""
    x1, y1, x2, y2 = box
    centred = np.array([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1])
    relative = centred / ([scene.width, scene.height] * 2)
    return f"{number} " + " ".join(f"{value:.6f}" for value in relative)


def write_split(root: Path, split: str, count: int, side: int, seed: int) -> None:
    images, labels = root / "images" / split, root / "labels" / split
    images.mkdir(parents=True, exist_ok=True)
    labels.mkdir(parents=True, exist_ok=True)
    pool = digit_pools()[split]
    for index, scene in enumerate(scenes(split, count, side, seed)):
        rng = np.random.default_rng(scene.seed)
        image, digits = compose(scene, pool)
        save_jpeg(images / f"{index:05}.jpg", weather(image, rng), int(rng.integers(60, 96)))
        lines = [label_line(number, box, scene) for number, box in digits]
        (labels / f"{index:05}.txt").write_text("\n".join(lines))
        print(f"\r{split}: {index + 1} of {count} pictures", end="", flush=True)
    print()


def write_dataset(root: Path, images: int, side: int, seed: int) -> Path:
    """Pictures and labels as ultralytics reads them, an eighth more held out; returns the YAML."""
    write_split(root, "train", images, side, seed)
    write_split(root, "val", max(40, images // 8), side, seed)
    described = root / "digits.yaml"
    names = "".join(f"  {index}: {name}\n" for index, name in enumerate(NAMES))
    folders = f"path: {root.resolve()}\ntrain: images/train\nval: images/val\n"
    described.write_text(f"{folders}names:\n{names}")
    return described


def write_pictures(folder: Path) -> None:
    """The example pictures, each with its true boxes as CVAT shapes."""
    folder.mkdir(parents=True, exist_ok=True)
    pool = digit_pools()["example"]
    for name, scene in EXAMPLES.items():
        image, digits = compose(scene, pool)
        save_jpeg(folder / f"{name}.jpg", image, 90)
        shapes = [
            {"label": NAMES[number], "type": "rectangle", "points": list(map(float, box))}
            for number, box in digits
        ]
        lines = ",\n  ".join(json.dumps(shape) for shape in shapes)
        (folder / f"{name}.json").write_text(f"[\n  {lines}\n]\n")
        print(f"{folder / name}.jpg: {scene.width} x {scene.height}, {len(shapes)} digits")
