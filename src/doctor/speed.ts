import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import type { BackendName, BackendReport, JobOptions, LearnerPoolInit, ModelChoice } from '../learner/index.js'

/** What a backend's test is about: one model, and everything about the pool but the backend. */
export type SpeedTest = ModelChoice &
  Pick<LearnerPoolInit, 'workers' | 'threads' | 'classes'> & {
    readonly batch: number
    /** For how long it trains. */
    readonly seconds: number
  }

/** The result of a backend's test. */
export type BackendTest =
  | {
      readonly name: BackendName
      readonly ok: true
      readonly report: BackendReport
      readonly workers: number
      /** All workers together; nothing when not even one step came to its end in time. */
      readonly samplesPerSecond?: number
    }
  | { readonly name: BackendName; readonly ok: false; readonly reason: string }

/** What the program of the test prints, a line each: that it started, how fast it was; or why it does not start. */
export type SpeedLine =
  | { readonly report: BackendReport; readonly workers: number }
  | { readonly samplesPerSecond: number }
  | { readonly reason: string }

/** Native libraries with CUDA, and GPUs that must compile their shaders first, take up to half of it to start. */
const testMs = 45_000
const answerBytes = 64 * 1024
const tooLong = `took longer than ${testMs / 1000} s`

/**
 * Trains on random samples with one backend, for a moment. In a process of its own: one backend's settings stay in a
 * process for good (threads, hidden GPUs), and a library that crashes must not take the others' tests with it.
 *
 * @throws the signal's reason when aborted; a backend that is not there is a result
 */
export async function testBackend(
  name: BackendName,
  test: SpeedTest,
  { signal }: JobOptions = {},
): Promise<BackendTest> {
  signal?.throwIfAborted()
  const program = createRequire(import.meta.url).resolve('#doctor/speed')
  let stdout: string
  let ending: string | undefined
  try {
    const options = { timeout: testMs, killSignal: 'SIGKILL', maxBuffer: answerBytes, windowsHide: true } as const
    const run = promisify(execFile)(process.execPath, [program, name, JSON.stringify(test)], {
      ...options,
      ...(signal === undefined ? {} : { signal }),
    })
    stdout = (await run).stdout
  } catch (error) {
    signal?.throwIfAborted()
    const { stdout: said, killed, signal: by, code } = error as { stdout?: string } & Record<string, unknown>
    stdout = said ?? ''
    ending = killed ? tooLong : `ended with ${by ?? code}`
  }
  const said: {
    readonly report?: BackendReport
    readonly workers?: number
    readonly samplesPerSecond?: number
    readonly reason?: string
  } = Object.assign({}, ...linesIn(stdout))
  const { report, workers = 0, samplesPerSecond } = said
  const late = ending === tooLong
  if (report === undefined || (samplesPerSecond === undefined && !late)) {
    const reason = said.reason ?? `its test ${ending ?? 'printed nothing'}`
    return { name, ok: false, reason: report === undefined ? reason : `starts, but does not train (${reason})` }
  }
  return { name, ok: true, report, workers, ...(samplesPerSecond === undefined ? {} : { samplesPerSecond }) }
}

/** Complete lines; a program that was killed may have left half of one. */
function linesIn(stdout: string): SpeedLine[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as SpeedLine)
}
