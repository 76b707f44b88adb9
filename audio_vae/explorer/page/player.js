// Sounds through WebAudio: one at a time, without a gap or a click where one takes the place of another.

const FADE_S = 0.012; // one sound into the next
const HIT_S = 0.2; // while the slider moves, a sound that is younger than this goes on as the next step

export class Player {
  #context = null;
  #voice = null;

  // A sound is { channels: [Float32Array, …], rate_hz }. `event` is what asked for it, to measure how long it took.
  play(sound, { loop = false, event = null } = {}) {
    this.#start(sound, 0, loop, event);
  }

  // Play as a slider moves: what sounds turns into `sound` where it is, or begins anew.
  slide(sound, { loop = false, event = null, mayBegin = true } = {}) {
    const age = this.#voice ? this.#now - this.#voice.begun : Infinity;
    const position = this.#position;
    const sounds = position !== null;
    if (sounds && (loop || age < HIT_S || !mayBegin)) this.#start(sound, position, loop, event, this.#voice.begun);
    else if (mayBegin) this.#start(sound, 0, loop, event);
  }

  stop() {
    this.#release();
  }

  get isPlaying() {
    return this.#position !== null;
  }

  // Seconds into what sounds, or null.
  get position() {
    return this.#position;
  }

  // Browsers let a page sound once it was clicked or a key was pressed.
  wake() {
    this.#context ??= new AudioContext({ latencyHint: "interactive" });
    if (this.#context.state === "suspended") this.#context.resume();
  }

  get #now() {
    return this.#context.currentTime;
  }

  get #position() {
    const voice = this.#voice;
    if (!voice || voice.ended) return null;
    const position = this.#now - voice.start + voice.offset;
    return voice.source.loop ? position % voice.source.buffer.duration : position;
  }

  #start(sound, offset, loop, event, begun = null) {
    this.wake();
    const context = this.#context;
    const buffer = bufferOf(sound, context);
    if (offset >= buffer.duration) {
      if (begun !== null) return this.#release();
      offset = 0;
    }
    const source = new AudioBufferSourceNode(context, { buffer, loop });
    const gain = new GainNode(context, { gain: offset > 0 ? 0 : 1 });
    source.connect(gain).connect(context.destination);
    const start = context.currentTime;
    if (offset > 0) gain.gain.linearRampToValueAtTime(1, start + FADE_S);
    this.#release();
    source.start(start, offset);
    const voice = { source, gain, start, offset, begun: begun ?? start, ended: false };
    source.onended = () => (voice.ended = true);
    this.#voice = voice;
    const delay_ms = event ? performance.now() - event.timeStamp : null;
    const output_ms = 1000 * ((context.baseLatency || 0) + (context.outputLatency || 0));
    document.dispatchEvent(new CustomEvent("sounded", { detail: { sound, delay_ms, output_ms } }));
  }

  #release() {
    const voice = this.#voice;
    if (!voice) return;
    const now = this.#now;
    voice.gain.gain.cancelScheduledValues(now);
    voice.gain.gain.setTargetAtTime(0, now, FADE_S / 3);
    voice.source.stop(now + 2 * FADE_S);
    voice.ended = true;
    this.#voice = null;
  }
}

function bufferOf(sound, context) {
  if (!sound.buffer) {
    const { channels, rate_hz } = sound;
    const buffer = context.createBuffer(channels.length, Math.max(1, channels[0].length), rate_hz);
    channels.forEach((samples, number) => buffer.copyToChannel(samples, number));
    Object.defineProperty(sound, "buffer", { value: buffer });
  }
  return sound.buffer;
}
