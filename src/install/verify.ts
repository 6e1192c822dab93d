import { createRequire } from 'node:module'
import * as z from 'zod'
import { HearsayError } from '../errors.js'
import { lastWords, runTool } from './tool.js'
import type { Trial } from './trial.js'

/** The first load reads 0.9 GB from the disk; the CUDA build compiles kernels for a new card. */
const trialMs = 10 * 60_000

const trialSchema = z.strictObject({
  tensorflow: z.string().max(100),
  gpu: z.boolean(),
  before: z.number(),
  after: z.number(),
})

/** The compiled trial. Named through the package, so that it is found from TypeScript sources under test as well. */
function trialPath(): string {
  return createRequire(import.meta.url).resolve('#install/trial')
}

/**
 * Trains a small network with an installed package, in a process of its own.
 *
 * @param entry - the package's main file
 * @throws {@link HearsayError} `BACKEND` when it does not load, ends its process, or does not lower the loss; the
 *   signal's reason
 */
export async function tryTraining(entry: string, signal?: AbortSignal, program: string = trialPath()): Promise<Trial> {
  const result = await runTool(process.execPath, [program, entry], {
    purpose: 'the training step that tries the installation',
    deadlineMs: trialMs,
    // As the backend sets them (backend/native.ts): otherwise the library prints the features of its CPU.
    env: {
      ...process.env,
      TF_CPP_MIN_LOG_LEVEL: '2',
      TF_ENABLE_ONEDNN_OPTS: 'false',
      TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    },
    ...(signal && { signal }),
  })
  const said = result === undefined ? 'node is gone' : lastWords(result)
  if (result?.status !== 0) throw failed(`does not run here: ${said}`)
  let trial: Trial
  try {
    trial = trialSchema.parse(JSON.parse(result.stdout.trim().split('\n').at(-1)!))
  } catch (error) {
    throw failed(`gave no valid answer: ${said}`, error)
  }
  const { before, after } = trial
  if (!(after < before)) throw failed(`does not learn: a loss of ${before} became ${after}`)
  return trial
}

function failed(what: string, cause?: unknown): HearsayError {
  return new HearsayError(
    'BACKEND',
    `the library that was put together ${what}; nothing was installed: try the wheel of another version with --wheel FILE, or use --backend wasm`,
    { cause },
  )
}
