import { type ExecFileException, execFile } from 'node:child_process'
import { arch, cpus, totalmem } from 'node:os'
import { promisify } from 'node:util'
import type { BackendReport, Device } from '../types.js'

/** nvidia-smi answers in a tenth of a second, or in some when it has to wake the driver. */
const askMs = 5_000
/** A line a GPU. A machine has 16 at most. */
const answerBytes = 16 * 1024
const nameLimit = 120
const mebibyte = 1024 * 1024

/** The processor and the memory that this process may use. */
export function cpuDevice(): Device {
  const model = cpus()[0]?.model.trim()
  // 0 or more than there is where nothing limits it; inside a container what the container may use.
  const limit = process.constrainedMemory()
  return {
    kind: 'cpu',
    name: model === undefined || model === '' ? `${arch()} CPU` : readable(model),
    memoryBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
  }
}

/** Names and memory of the NVIDIA GPUs in the order of their PCI bus; none where nvidia-smi is not there. */
export async function nvidiaDevices(): Promise<Device[]> {
  try {
    const { stdout } = await promisify(execFile)(
      'nvidia-smi',
      ['--query-gpu=name,memory.total', '--format=csv,noheader,nounits'],
      { timeout: askMs, killSignal: 'SIGKILL', maxBuffer: answerBytes, windowsHide: true },
    )
    return parseNvidia(stdout)
  } catch (error) {
    // Without it, or where it fails, the GPU is still there; only its name and memory are unknown.
    if ((error as ExecFileException).cmd === undefined) throw error
    return []
  }
}

/** Reads lines such as "NVIDIA H100 80GB HBM3, 81559"; leaves out what is written otherwise. Memory is in MiB. */
export function parseNvidia(text: string): Device[] {
  return text.split('\n').flatMap(line => {
    const [, name, memory] = /^\s*(\S.*?)\s*,\s*(\d{1,9}|\[?N\/A\]?)\s*$/.exec(line) ?? []
    if (name === undefined) return []
    const bytes = Number(memory) * mebibyte
    return [{ kind: 'gpu', name: readable(name), ...(bytes > 0 ? { memoryBytes: bytes } : {}) }]
  })
}

/**
 * The GPU that CUDA takes: the first that `CUDA_VISIBLE_DEVICES` lets it see. With a list of ids instead of numbers, it
 * is known only where all are alike.
 */
export function firstVisible(devices: readonly Device[], visible: string | undefined): Device {
  const first = visible?.split(',')[0]?.trim() ?? '0'
  const alike = devices.every(({ name }) => name === devices[0]?.name)
  const device = /^\d+$/.test(first) ? devices[Number(first)] : alike ? devices[0] : undefined
  return device ?? { kind: 'gpu', name: 'NVIDIA GPU' }
}

/** May `auto` take it? What is meant for a GPU and computes on the CPU is taken only by name. */
export function isAutomatic({ name, device }: Pick<BackendReport, 'name' | 'device'>): boolean {
  return name !== 'webgpu' || device.kind === 'gpu'
}

/** Names come from drivers and are printed: no control characters, no runs of blanks, and an end. */
export function readable(name: string): string {
  return name
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, nameLimit)
}
