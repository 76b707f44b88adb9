// A sound as a WAV file in 24 bits, as `audio.io.wav_bytes` writes it.

const FULL = 0x7fffff;

export function wavOf({ channels, rate_hz }) {
  const [nSamples, nChannels] = [channels[0].length, channels.length];
  const size = 3 * nSamples * nChannels;
  const view = new DataView(new ArrayBuffer(44 + size + (size % 2)));
  const text = (at, letters) => [...letters].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + size + (size % 2), true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, nChannels, true);
  view.setUint32(24, rate_hz, true);
  view.setUint32(28, 3 * rate_hz * nChannels, true);
  view.setUint16(32, 3 * nChannels, true);
  view.setUint16(34, 24, true);
  text(36, "data");
  view.setUint32(40, size, true);
  let peak = 1;
  for (const samples of channels) for (const each of samples) peak = Math.max(peak, Math.abs(each));
  let at = 44;
  for (let i = 0; i < nSamples; i++) {
    for (const samples of channels) {
      const value = Math.round((samples[i] / peak) * FULL);
      view.setUint16(at, value & 0xffff, true);
      view.setInt8(at + 2, value >> 16);
      at += 3;
    }
  }
  return view.buffer;
}
