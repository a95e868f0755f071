"use strict";
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);
let models = [], shapes = [], picture = null, sizes = [0, 0], hidden = new Set(), asked = 0;

function make(tag, attributes, text) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}
function draw(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
function say(text, kind) { $("said").textContent = text; $("said").className = kind || ""; }
function chosen() { return models.find((each) => each.name === $("model").value); }
function colour(name) {
  const label = (chosen() ? chosen().labels : []).find((each) => each.name === name);
  return label && /^#[0-9a-f]{6}$/i.test(label.color || "") ? label.color : "#e0218a";
}

async function refresh() {
  try {
    models = await (await fetch("models")).json();
  } catch (error) {
    say("The server does not answer. Is it still running?", "bad");
    return;
  }
  const select = $("model"), before = select.value;
  const usable = models.filter((each) => each.state !== "failed");
  if (select.dataset.names !== usable.map((each) => each.name + each.title).join("\n")) {
    select.dataset.names = usable.map((each) => each.name + each.title).join("\n");
    select.replaceChildren(...usable.map((each) => {
      const option = make("option", {}, each.title || each.name);
      option.value = each.name;
      return option;
    }));
    if (usable.some((each) => each.name === before)) select.value = before;
    else start();
  }
  $("models").replaceChildren(...models.map((each) => {
    const kinds = {ready: "good", failed: "bad"};
    const row = make("li");
    row.append(make("span", {class: "name"}, each.title || each.name));
    row.append(make("span", {class: kinds[each.state] || "wait"}, each.state));
    if (each.description) row.append(make("p", {class: "soft"}, each.description));
    if (each.error) row.append(make("p", {class: "bad"}, `${each.error.message}. ${each.error.remedy || ""}`));
    return row;
  }));
  if (!shapes.length) listLabels();
}
function start() {
  hidden = new Set();
  const model = chosen();
  if (model && model.threshold) $("threshold").value = model.threshold;
  showThreshold();
  listLabels();
  if (picture) annotate();
}
function showThreshold() { $("cut").textContent = Number($("threshold").value).toFixed(2); }

async function take(blob, name) {
  if (!blob) return;
  picture = blob;
  shapes = [];
  const address = URL.createObjectURL(blob);
  const image = new Image();
  image.onload = () => { sizes = [image.naturalWidth, image.naturalHeight]; paint(address); annotate(); };
  image.onerror = () => { sizes = [0, 0]; paint(null); annotate(); };
  image.src = address;
  $("stage").classList.add("full");
  say(`${name || "The picture"} is sent ...`, "soft");
}
async function annotate() {
  const model = chosen(), number = ++asked;
  if (!model || !picture) return;
  const begun = performance.now();
  let reply, body;
  try {
    reply = await fetch(`models/${encodeURIComponent(model.name)}?threshold=${$("threshold").value}`,
      {method: "POST", headers: {"Content-Type": "application/octet-stream"}, body: picture});
    body = await reply.json();
  } catch (error) {
    say("The server does not answer.", "bad");
    return;
  }
  if (number !== asked) return;
  if (reply.status === 503) {
    say(`${body.error ? body.error.message : "The model is busy"} Asked again in two seconds.`, "wait");
    setTimeout(() => { if (number === asked) annotate(); }, 2000);
    return;
  }
  if (!reply.ok) {
    shapes = [];
    say(body.error ? body.error.message : `status ${reply.status}`, "bad");
  } else {
    shapes = body;
    say(`${shapes.length} ${shapes.length === 1 ? "object" : "objects"}`, "good");
  }
  $("json").textContent = JSON.stringify(shorter(body), null, 1);
  listTimes(reply.headers.get("Server-Timing"), performance.now() - begun);
  show();
}
function shorter(body) {
  if (!Array.isArray(body)) return body;
  return body.map((each) => each.mask && each.mask.length > 60
    ? {...each, mask: [...each.mask.slice(0, 20), `${each.mask.length - 24} more numbers`, ...each.mask.slice(-4)]} : each);
}
function listTimes(header, total) {
  const rows = (header || "").split(",").map((part) => /^\s*([\w.-]+);dur=([\d.]+)/.exec(part)).filter(Boolean)
    .map((match) => [match[1], Number(match[2])]);
  rows.push(["whole request, as this browser sees it", total]);
  $("times").replaceChildren(...rows.map(([name, milliseconds]) => {
    const row = make("tr");
    row.append(make("td", {}, name), make("td", {}, `${milliseconds.toFixed(1)} ms`));
    return row;
  }));
}

function paint(address) {
  const board = $("board");
  board.replaceChildren();
  if (sizes[0]) board.setAttribute("viewBox", `0 0 ${sizes[0]} ${sizes[1]}`);
  if (address) {
    const image = draw("image", {x: 0, y: 0, width: sizes[0], height: sizes[1]});
    image.setAttribute("href", address);
    board.append(image);
  }
  board.append(draw("g", {id: "shapes"}));
}
function frameWithoutPicture() {
  const numbers = shapes.flatMap((each) => each.points || []);
  if (sizes[0] || !numbers.length) return;
  const width = Math.max(...numbers.filter((_, index) => index % 2 === 0));
  const height = Math.max(...numbers.filter((_, index) => index % 2 === 1));
  $("board").setAttribute("viewBox", `0 0 ${width * 1.05} ${height * 1.05}`);
  say(`${shapes.length} objects; this browser does not show such pictures, so here are the shapes alone`, "wait");
}
function pairs(flat) {
  const points = [];
  for (let index = 0; index + 1 < flat.length; index += 2) points.push([flat[index], flat[index + 1]]);
  return points;
}
const RULES = {
  rectangle(shape, look) {
    const [x1, y1, x2, y2] = shape.points;
    const node = draw("rect", {...look, x: x1, y: y1, width: x2 - x1, height: y2 - y1});
    if (shape.rotation) node.setAttribute("transform", `rotate(${shape.rotation} ${(x1 + x2) / 2} ${(y1 + y2) / 2})`);
    return node;
  },
  ellipse(shape, look) {
    const [cx, cy, right, top] = shape.points;
    const node = draw("ellipse", {...look, cx, cy, rx: right - cx, ry: cy - top});
    if (shape.rotation) node.setAttribute("transform", `rotate(${shape.rotation} ${cx} ${cy})`);
    return node;
  },
  polygon(shape, look) {
    return draw("polygon", {...look, points: shape.points.join(" ")});
  },
  polyline(shape, look) {
    return draw("polyline", {...look, fill: "none", points: shape.points.join(" ")});
  },
  points(shape, look, unit) {
    const group = draw("g", {...look});
    group.append(...pairs(shape.points).map(([cx, cy]) => draw("circle", {cx, cy, r: 4 * unit})));
    return group;
  },
  mask(shape, look) {
    const [left, top, right, bottom] = shape.mask.slice(-4);
    const width = right - left + 1, height = bottom - top + 1;
    const canvas = document.createElement("canvas");
    canvas.width = width; canvas.height = height;
    const context = canvas.getContext("2d"), pixels = context.createImageData(width, height);
    const rgb = [1, 3, 5].map((at) => parseInt(look.stroke.slice(at, at + 2), 16));
    for (let index = 0; index < width * height; index++) {
      if (shape.mask[index]) pixels.data.set([...rgb, 130], index * 4);
    }
    context.putImageData(pixels, 0, 0);
    const group = draw("g", {...look});
    const image = draw("image", {x: left, y: top, width, height});
    image.setAttribute("href", canvas.toDataURL());
    group.append(image);
    if (shape.points) group.append(draw("polygon", {points: shape.points.join(" "), "fill-opacity": 0}));
    return group;
  },
  skeleton(shape, look, unit) {
    const group = draw("g", {...look});
    const seen = new Map(shape.elements.filter((each) => !each.outside).map((each) => [each.label, each.points]));
    const label = chosen().labels.find((each) => each.name === shape.label) || {};
    const names = (label.sublabels || []).map((each) => each.name);
    for (const match of (label.svg || "").matchAll(/data-node-from="(\d+)"\s+data-node-to="(\d+)"/g)) {
      const ends = [match[1], match[2]].map((node) => seen.get(names[node - 1]));
      if (ends[0] && ends[1]) {
        group.append(draw("line", {x1: ends[0][0], y1: ends[0][1], x2: ends[1][0], y2: ends[1][1], "vector-effect": "non-scaling-stroke"}));
      }
    }
    for (const [name, [cx, cy]] of seen) {
      const dot = draw("circle", {cx, cy, r: 4 * unit, "fill-opacity": 1});
      dot.append(Object.assign(draw("title", {}), {textContent: name}));
      group.append(dot);
    }
    return group;
  },
};
function show() {
  frameWithoutPicture();
  const cut = Number($("threshold").value), group = $("shapes");
  const box = $("board").viewBox.baseVal;
  const unit = Math.max(box.width, box.height) / 900;
  group.replaceChildren();
  $("tags").replaceChildren();
  for (const shape of shapes) {
    if (hidden.has(shape.label) || shape.confidence < cut) continue;
    const ink = colour(shape.label), words = `${shape.label} ${Number(shape.confidence).toFixed(2)}`;
    if (shape.type === "tag") {
      const tag = make("span", {class: "tag"}, words);
      tag.style.background = ink;
      $("tags").append(tag);
      continue;
    }
    const rule = RULES[shape.type];
    if (!rule) continue;
    const node = rule(shape, {class: "shape", stroke: ink, "stroke-width": 2, fill: ink, "fill-opacity": .14,
      "vector-effect": "non-scaling-stroke", tabindex: 0, role: "img", "aria-label": words}, unit);
    const point = (event) => tip(words, event);
    node.addEventListener("pointermove", point);
    node.addEventListener("focus", () => tip(words));
    node.addEventListener("pointerleave", () => tip());
    node.addEventListener("blur", () => tip());
    group.append(node);
  }
  listLabels();
}
function tip(words, event) {
  const node = $("tip");
  node.style.display = words ? "block" : "none";
  if (!words) return;
  node.textContent = words;
  const frame = $("stage").getBoundingClientRect();
  const at = event ? [event.clientX, event.clientY]
    : (({left, top}) => [left, top])(document.activeElement.getBoundingClientRect());
  node.style.left = `${Math.min(at[0] - frame.left + 12, frame.width - node.offsetWidth - 4)}px`;
  node.style.top = `${Math.max(at[1] - frame.top - 28, 2)}px`;
}
function listLabels() {
  const cut = Number($("threshold").value), counts = new Map();
  for (const shape of shapes) {
    if (shape.confidence >= cut) counts.set(shape.label, (counts.get(shape.label) || 0) + 1);
  }
  const names = (chosen() ? chosen().labels : []).map((each) => each.name);
  names.sort((first, second) => (counts.get(second) || 0) - (counts.get(first) || 0));
  $("labels").replaceChildren(...names.slice(0, 200).map((name) => {
    const button = make("button", {type: "button", "aria-pressed": String(!hidden.has(name)), title: "Show or hide"});
    const dot = make("span", {class: "dot"});
    dot.style.background = colour(name);
    button.append(dot, make("span", {class: "name"}, name), make("span", {class: "soft"}, String(counts.get(name) || 0)));
    button.addEventListener("click", () => {
      if (!hidden.delete(name)) hidden.add(name);
      show();
      [...$("labels").querySelectorAll("button")].find((each) => each.querySelector(".name").textContent === name).focus();
    });
    const item = make("li");
    item.append(button);
    return item;
  }));
}

$("model").addEventListener("change", start);
$("file").addEventListener("change", (event) => take(event.target.files[0], event.target.files[0] && event.target.files[0].name));
$("example").addEventListener("click", async () => take(await (await fetch("example.jpg")).blob(), "The example"));
$("paste").addEventListener("click", async () => {
  try {
    for (const item of await navigator.clipboard.read()) {
      const kind = item.types.find((each) => each.startsWith("image/"));
      if (kind) return take(await item.getType(kind), "The pasted picture");
    }
    say("There is no picture to paste.", "wait");
  } catch (error) {
    say("Press Ctrl+V: this browser lets a button read the clipboard only over https.", "wait");
  }
});
document.addEventListener("paste", (event) => {
  const item = [...event.clipboardData.items].find((each) => each.type.startsWith("image/"));
  if (item) take(item.getAsFile(), "The pasted picture");
});
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => { event.preventDefault(); $("stage").classList.add("over"); });
}
for (const kind of ["dragleave", "drop"]) {
  document.addEventListener(kind, (event) => { event.preventDefault(); $("stage").classList.remove("over"); });
}
document.addEventListener("drop", (event) => take(event.dataTransfer.files[0], event.dataTransfer.files[0] && event.dataTransfer.files[0].name));
let pause;
$("threshold").addEventListener("input", () => {
  showThreshold();
  show();
  clearTimeout(pause);
  pause = setTimeout(annotate, 200);
});
$("copy").addEventListener("click", async () => {
  const model = chosen();
  if (!model) return;
  const text = await (await fetch(`models/${encodeURIComponent(model.name)}/labels`)).text();
  try {
    await navigator.clipboard.writeText(text);
    say("The labels are copied. In CVAT's task constructor they go under Raw.", "good");
  } catch (error) {
    $("json").textContent = text;
    $("json").parentElement.open = true;
    say("This browser does not let the page copy: the labels stand below The answer.", "wait");
  }
});
showThreshold();
refresh();
setInterval(refresh, 3000);
