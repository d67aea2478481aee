// The binary frame: little-endian header length, JSON header, then one float32 for every place (NaN = not known).

export interface FrameHeader {
  run: string;
  member: number | string;
  quantity: string;
  on: string;
  unit: string;
  time_s: number;
  time: string;
  count: number;
  dtype: "float32";
  label: string;
}

export interface Frame {
  header: FrameHeader;
  values: Float32Array;
}

/** Reads a frame; throws when the bytes do not fit the header. */
export function decodeFrame(bytes: ArrayBuffer): Frame {
  if (bytes.byteLength < 8) throw new Error(`frame of ${bytes.byteLength} bytes is too short`);
  const length = new DataView(bytes).getUint32(0, true);
  if (4 + length > bytes.byteLength) throw new Error(`frame header of ${length} bytes does not fit`);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as FrameHeader;
  const begin = 4 + length;
  if (header.dtype !== "float32" || begin % 8 !== 0 || begin + header.count * 4 !== bytes.byteLength) {
    throw new Error(`frame of ${header.quantity}: ${header.count} values do not fit ${bytes.byteLength} bytes`);
  }
  return { header, values: new Float32Array(bytes, begin, header.count) };
}
