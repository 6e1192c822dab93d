import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

/** A memory that a kernel works on. */
export interface KernelMemory {
  /** Another object after each call of `grow`; those before stay valid, and end where they did. */
  readonly buffer: SharedArrayBuffer
  /**
   * @returns the number of pages before
   * @throws RangeError beyond the maximum, or where the machine has no more
   */
  grow(pages: number): number
}

interface MemorySize {
  readonly initial: number
  readonly maximum: number
}

interface Module {
  /** Makes it another type than any object. */
  readonly [Symbol.toStringTag]: 'WebAssembly.Module'
}

/** What is called of it. TypeScript declares it with all else of browsers, and not for Node. */
const { WebAssembly: wasm } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Memory: new (size: MemorySize & { readonly shared: true }) => KernelMemory
    readonly Module: new (bytes: Uint8Array) => Module
    readonly Instance: new (
      module: Module,
      imports: { readonly env: { readonly memory: KernelMemory } },
    ) => { readonly exports: unknown }
  }
}

/** Bytes in a page. */
export const pageBytes = 65536

/** A memory that threads can share, of so many pages at first and at most. */
export function createMemory(size: MemorySize): KernelMemory {
  return new wasm.Memory({ ...size, shared: true })
}

/** A thread compiles each kernel once. */
const modules = new Map<string, Module>()

/**
 * The functions of a kernel: of one file of `kernels/`, which `npm run build` compiles for WebAssembly with SIMD. A
 * kernel works on what lies in `memory`, at the addresses it is called with; it checks none of them, keeps nothing
 * between two calls and allocates nothing.
 *
 * @typeParam T - the functions as the file declares them: its `usize`, `i32`, `f32` and `f64` are numbers here
 * @param name - of the file, without its ending
 */
export function kernelOn<T>(memory: KernelMemory, name: string): T {
  let module = modules.get(name)
  if (module === undefined) {
    const file = createRequire(import.meta.url).resolve(`#kernels/${name}.wasm`)
    module = new wasm.Module(readFileSync(file))
    modules.set(name, module)
  }
  return new wasm.Instance(module, { env: { memory } }).exports as T
}
