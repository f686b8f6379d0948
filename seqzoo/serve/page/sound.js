// Sound from a file or the microphone, as bytes that the service reads. What a browser records (Opus in WebM) it does
// not: such sound is decoded here and sent as WAV.

const READ = /^audio\/(wav|x-wav|wave|flac|x-flac|ogg|mpeg)/;
const RATE = 16000;

/** A recording as Base64 of a file that the service reads, and an address to play it from. */
export async function fileOf(blob) {
  const readable = READ.test(blob.type);
  const bytes = readable ? new Uint8Array(await blob.arrayBuffer()) : await wav(blob);
  return { sound: base64(bytes), url: URL.createObjectURL(blob) };
}

function base64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

/** One channel of 16-bit samples, RATE a second. */
async function wav(blob) {
  const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await blob.arrayBuffer());
  const samples = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel++)
    sound.getChannelData(channel).forEach((value, i) => (samples[i] += value / sound.numberOfChannels));
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const ascii = (at, text) => [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  ascii(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  ascii(8, "WAVEfmt ");
  [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, RATE, 4], [28, 2 * RATE, 4], [32, 2, 2], [34, 16, 2]]
    .forEach(([at, value, size]) => (size === 4 ? view.setUint32(at, value, true) : view.setUint16(at, value, true)));
  ascii(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, i) => view.setInt16(44 + 2 * i, 32767 * Math.max(-1, Math.min(1, value)), true));
  return new Uint8Array(view.buffer);
}

/** A button that records until it is pressed again, and hands over what it has heard. */
export function recorder(heard, complain) {
  let recording = null;
  const button = document.createElement("button");
  button.id = "record";
  button.textContent = "Record";
  button.addEventListener("click", async () => {
    if (recording) return recording.stop();
    try {
      const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
      const parts = [];
      recording = new MediaRecorder(microphone);
      recording.addEventListener("dataavailable", (event) => parts.push(event.data));
      recording.addEventListener("stop", () => {
        microphone.getTracks().forEach((track) => track.stop());
        heard(new Blob(parts, { type: recording.mimeType }));
        recording = null;
        button.textContent = "Record";
      });
      recording.start();
      button.textContent = "Stop";
    } catch (error) {
      complain(`there is no microphone to listen to: ${error.message}`);
    }
  });
  return button;
}
