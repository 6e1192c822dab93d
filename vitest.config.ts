import { readdirSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'

/** Files of tests that change what a process has once: its registries, its modules. No other file may meet that. */
const alone = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.test.ts'))
  .map(path => `test/${path.replaceAll('\\', '/')}`)
  .filter(path =>
    /\bregister(Method|Codec)\b|\bvi\.mock\(|\bprocess\.env\.ONEDNN_MAX_CPU_ISA\b/.test(readFileSync(path, 'utf8')),
  )

// Projects, because their tests want the machine differently. Unit tests are short, so that loading libp2p and
// TensorFlow.js anew for each file would be a fifth of their time: a process has its modules for all its files. An
// end-to-end test starts processes and training threads of its own, much of whose time is starting and waiting, so that two
// at once are done sooner though each takes longer. What takes a dozen processes for minutes is for
// `npm run test:endurance`, one by one.
export default defineConfig({
  test: {
    // Not one core less, as would be the default: on two that is half of them.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/endurance/**', ...alone],
          testTimeout: 60_000,
          isolate: false,
          // TensorFlow takes them from whichever file of a process loads it first; more threads sum in another order.
          env: { TF_NUM_INTRAOP_THREADS: '1' },
        },
      },
      { test: { name: 'alone', include: alone, testTimeout: 60_000 } },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 480_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'endurance',
          include: ['test/endurance/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
