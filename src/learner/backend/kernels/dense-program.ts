import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import { type KernelMemory, kernelOn } from '../../../kernels.js'

/** `kernels/dense.ts` in the wasm backend's heap: what its functions do is said there. All but counts are addresses. */
export interface DenseProgram {
  multiply(
    rows: number,
    columns: number,
    depth: number,
    a: number,
    rowA: number,
    stepA: number,
    b: number,
    rowB: number,
    stepB: number,
    c: number,
    bias: number,
    scratch: number,
  ): void
  rectify(y: number, length: number): void
  rectifierGradient(y: number, upstream: number, into: number, length: number): void
  sumRows(rows: number, columns: number, from: number, into: number): void
  squaredNorm(x: number, length: number): number
  /** The address of the room that `multiply` takes last. */
  readonly scratch: number
}

/** Part of every Emscripten module, but not of the types that the package ships. */
interface Inside {
  readonly asm: { readonly memory: KernelMemory }
  readonly HEAPU8: Uint8Array
  _malloc(bytes: number): number
}

/** Called once: the scratch room is never given back. */
export function loadDense(backend: BackendWasm): DenseProgram {
  const inside = backend.wasm as unknown as Inside
  type Exports = Omit<DenseProgram, 'scratch'> & { readonly scratchBytes: { readonly value: number } }
  const program = kernelOn<Exports>(inside.asm.memory, 'dense')
  const bytes = program.scratchBytes.value
  const scratch = inside._malloc(bytes)
  inside.HEAPU8.fill(0, scratch, scratch + bytes)
  return { ...program, scratch }
}
