// The map: points on a canvas that are panned, zoomed, pointed at and walked through with the keyboard.

const NEAR = 16; // a point is pointed at from so far away, in CSS pixels
const MARGIN = 26;

export class SoundMap {
  #canvas;
  #view = { x: 0, y: 0, scale: 1 };
  #drag = null;
  #pinch = null;
  #hovered = -1;
  #frame = 0;
  #grid = new Map();
  #pointers = new Map();
  #glide = null;

  // `points` is { x, y, label, isReal, isCentre }, an array of numbers each; `on` has hover(index), choose(index, event, end),
  // where no end leaves it to what is held and to whose turn it is.
  constructor(canvas, points, colours, on) {
    this.#canvas = canvas;
    this.points = points;
    this.colours = colours;
    this.on = on;
    this.hidden = new Set();
    this.marks = { a: [], b: [] }; // of each, the points that it lies between, with their weights
    this.#fit();
    this.#listen();
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  get hovered() {
    return this.#hovered;
  }

  // Points glide to another layout, as far as motion is wanted.
  moveTo(x, y) {
    const before = { x: Float32Array.from(this.points.x), y: Float32Array.from(this.points.y) };
    const after = unit(x, y);
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const begun = performance.now();
    const step = (now) => {
      const t = isCalm ? 1 : Math.min(1, (now - begun) / 700);
      const share = t * t * (3 - 2 * t);
      this.points.x = before.x.map((each, i) => each + share * (after.x[i] - each));
      this.points.y = before.y.map((each, i) => each + share * (after.y[i] - each));
      this.#fill();
      this.draw();
      this.#glide = t < 1 ? requestAnimationFrame(step) : null;
    };
    cancelAnimationFrame(this.#glide);
    this.#glide = requestAnimationFrame(step);
  }

  zoom(factor, x = this.#canvas.clientWidth / 2, y = this.#canvas.clientHeight / 2) {
    const view = this.#view;
    const scale = Math.min(60, Math.max(0.5, view.scale * factor));
    view.x = x - ((x - view.x) * scale) / view.scale;
    view.y = y - ((y - view.y) * scale) / view.scale;
    view.scale = scale;
    this.draw();
  }

  showAll() {
    this.#view = { x: 0, y: 0, scale: 1 };
    this.draw();
  }

  mark(marks) {
    this.marks = { ...this.marks, ...marks };
    this.draw();
  }

  draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#paint());
  }

  // Position of a point in CSS pixels.
  place(index) {
    const [width, height] = [this.#canvas.clientWidth, this.#canvas.clientHeight];
    const { x, y, scale } = this.#view;
    return [
      x + scale * (MARGIN + this.points.x[index] * (width - 2 * MARGIN)),
      y + scale * (MARGIN + this.points.y[index] * (height - 2 * MARGIN)),
    ];
  }

  #between(near) {
    const places = near.map(([index, weight]) => this.place(index).map((each) => weight * each));
    return places.reduce(([x, y], [dx, dy]) => [x + dx, y + dy]);
  }

  #fit() {
    Object.assign(this.points, unit(this.points.x, this.points.y));
    this.#fill();
  }

  // Points by cells, so that the nearest of thousands is found at once.
  #fill() {
    this.#grid.clear();
    this.points.x.forEach((x, i) => {
      const key = cell(x, this.points.y[i]);
      if (this.#grid.has(key)) this.#grid.get(key).push(i);
      else this.#grid.set(key, [i]);
    });
  }

  #nearest(px, py) {
    const [width, height] = [this.#canvas.clientWidth, this.#canvas.clientHeight];
    const { x, y, scale } = this.#view;
    const u = ((px - x) / scale - MARGIN) / (width - 2 * MARGIN);
    const v = ((py - y) / scale - MARGIN) / (height - 2 * MARGIN);
    const reach = Math.ceil((NEAR / scale / Math.min(width, height)) * CELLS) + 1;
    let [best, nearest] = [NEAR ** 2, -1];
    for (let i = -reach; i <= reach; i++) {
      for (let j = -reach; j <= reach; j++) {
        for (const index of this.#grid.get(cell(u + i / CELLS, v + j / CELLS)) ?? []) {
          if (this.hidden.has(this.points.label[index])) continue;
          const [a, b] = this.place(index);
          const far = (a - px) ** 2 + (b - py) ** 2 - (this.points.isCentre[index] ? 40 : 0);
          if (far < best) [best, nearest] = [far, index];
        }
      }
    }
    return nearest;
  }

  #paint() {
    const canvas = this.#canvas;
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width) return;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(canvas);
    const [text, card] = [style.color, style.backgroundColor];
    const n = this.points.x.length;
    const room = Math.min(1, Math.sqrt(width / 640));
    const radius = Math.min(9, room * (n > 1500 ? 2.6 : n > 400 ? 3.8 : 5) * Math.sqrt(this.#view.scale));
    const { a, b } = this.marks;
    if (a.length && b.length) {
      const [from, to] = [this.#between(a), this.#between(b)];
      const line = context.createLinearGradient(...from, ...to);
      line.addColorStop(0, style.getPropertyValue("--a"));
      line.addColorStop(1, style.getPropertyValue("--b"));
      context.strokeStyle = line;
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(...from);
      context.lineTo(...to);
      context.stroke();
    }
    const draw = (index, size) => {
      if (this.hidden.has(this.points.label[index])) return;
      const [x, y] = this.place(index);
      if (x < -20 || y < -20 || x > width + 20 || y > height + 20) return;
      context.beginPath();
      if (this.points.isCentre[index]) diamond(context, x, y, 2.1 * size);
      else context.arc(x, y, size, 0, 7);
      context.fillStyle = this.colours[this.points.label[index]];
      if (this.points.isReal[index]) context.fill();
      else {
        context.lineWidth = 1.4;
        context.strokeStyle = context.fillStyle;
        context.stroke();
      }
      if (this.points.isCentre[index]) {
        context.lineWidth = 1.5;
        context.strokeStyle = card;
        context.stroke();
      }
    };
    for (let index = n - 1; index >= 0; index--) draw(index, radius);
    for (const [name, near] of Object.entries(this.marks)) {
      if (!near.length) continue;
      const [x, y] = this.#between(near);
      context.beginPath();
      context.arc(x, y, 11, 0, 7);
      context.fillStyle = style.getPropertyValue(`--${name}`);
      context.fill();
      context.fillStyle = card;
      context.font = `600 13px ${style.fontFamily}`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText(name.toUpperCase(), x, y + 0.5);
    }
    if (this.#hovered >= 0) {
      const [x, y] = this.place(this.#hovered);
      context.beginPath();
      context.arc(x, y, radius + 5, 0, 7);
      context.lineWidth = 2;
      context.strokeStyle = text;
      context.stroke();
    }
  }

  #hover(index) {
    if (index === this.#hovered) return;
    this.#hovered = index;
    this.draw();
    this.on.hover(index);
  }

  #listen() {
    const canvas = this.#canvas;
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), ...at(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#pointers.set(event.pointerId, at(event));
      this.#drag = { from: at(event), view: { ...this.#view }, moved: this.#pointers.size > 1 };
      if (this.#pointers.size === 2) this.#pinch = { span: this.#span(), scale: this.#view.scale };
    });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = at(event);
      if (this.#pointers.has(event.pointerId)) this.#pointers.set(event.pointerId, [x, y]);
      if (this.#pinch && this.#pointers.size === 2) {
        const [one, other] = [...this.#pointers.values()];
        const wanted = (this.#pinch.scale * this.#span()) / this.#pinch.span;
        this.zoom(wanted / this.#view.scale, (one[0] + other[0]) / 2, (one[1] + other[1]) / 2);
      } else if (this.#drag) {
        const [dx, dy] = [x - this.#drag.from[0], y - this.#drag.from[1]];
        if (Math.hypot(dx, dy) > 4) this.#drag.moved = true;
        if (this.#drag.moved) {
          Object.assign(this.#view, { x: this.#drag.view.x + dx, y: this.#drag.view.y + dy });
          this.draw();
        }
      } else {
        this.#hover(this.#nearest(x, y));
      }
    });
    const up = (event) => {
      this.#pointers.delete(event.pointerId);
      const isClick = this.#drag && !this.#drag.moved && event.type === "pointerup";
      this.#drag = null;
      if (this.#pointers.size < 2) this.#pinch = null;
      if (!isClick) return;
      const index = this.#nearest(...at(event));
      this.#hover(index);
      if (index >= 0) this.on.choose(index, event);
    };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    canvas.addEventListener("pointerleave", () => this.#drag || this.#hover(-1));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#hover(-1));
  }

  #span() {
    const [one, other] = [...this.#pointers.values()];
    return Math.hypot(one[0] - other[0], one[1] - other[1]) || 1;
  }

  #key(event) {
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (direction && !event.ctrlKey && !event.metaKey) this.#walk(direction);
    else if (event.key === "+" || event.key === "=") this.zoom(1.5);
    else if (event.key === "-") this.zoom(1 / 1.5);
    else if (event.key === "Enter" && this.#hovered >= 0) this.on.choose(this.#hovered, event);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // The nearest point in a direction; what lies aside counts double.
  #walk([dx, dy]) {
    const from = this.#hovered >= 0 ? this.place(this.#hovered) : [this.#canvas.clientWidth / 2, this.#canvas.clientHeight / 2];
    let [best, found] = [Infinity, -1];
    this.points.x.forEach((_, index) => {
      if (index === this.#hovered || this.hidden.has(this.points.label[index])) return;
      const [x, y] = this.place(index);
      const [along, aside] = [(x - from[0]) * dx + (y - from[1]) * dy, Math.abs((x - from[0]) * dy) + Math.abs((y - from[1]) * dx)];
      if (along > 0.5 && along + 2 * aside < best) [best, found] = [along + 2 * aside, index];
    });
    if (found >= 0) this.#hover(found);
  }
}

const CELLS = 64;

function cell(x, y) {
  return Math.floor(x * CELLS) * 4096 + Math.floor(y * CELLS);
}

function unit(x, y) {
  const scaled = (values) => {
    let [low, high] = [Infinity, -Infinity];
    for (const each of values) [low, high] = [Math.min(low, each), Math.max(high, each)];
    return Float32Array.from(values, (each) => (high > low ? (each - low) / (high - low) : 0.5));
  };
  return { x: scaled(x), y: scaled(y) };
}

function diamond(context, x, y, size) {
  context.moveTo(x, y - size);
  context.lineTo(x + size, y);
  context.lineTo(x, y + size);
  context.lineTo(x - size, y);
  context.closePath();
}
