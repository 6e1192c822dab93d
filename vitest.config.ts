import { defineConfig } from 'vitest/config'

// Three projects, because they want the machine differently: unit tests are short; an end-to-end test starts processes and
// training threads of its own, much of whose time is starting and waiting, so that two at once are done sooner though each
// takes longer; and what takes a dozen processes for minutes is for `npm run test:endurance`, one by one.
export default defineConfig({
  test: {
    // Not one core less, as would be the default: on two that is half of them.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/endurance/**'],
          testTimeout: 60_000,
        },
      },
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
