import CRC32C from 'crc-32/crc32c.js'

/*
 * TFRecord, the framing of TensorBoard's files: https://www.tensorflow.org/tutorials/load_data/tfrecord
 *
 *   uint64  length       little-endian, as all of them
 *   uint32  masked CRC-32C of the length
 *   byte    data[length]
 *   uint32  masked CRC-32C of the data
 */

const headerBytes = 12
const footerBytes = 4

/** One record of a file. */
export function recordOf(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headerBytes + data.length + footerBytes)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(data.length), true)
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true)
  bytes.set(data, headerBytes)
  view.setUint32(headerBytes + data.length, maskedCrc(data), true)
  return bytes
}

/** Masked, as the checksum of data that hold checksums would be weak. */
function maskedCrc(data: Uint8Array): number {
  const crc = CRC32C.buf(data)
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
