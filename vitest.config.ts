import { defineConfig } from 'vitest/config'

// Three projects, because they want the machine differently: unit tests run side by side; an end-to-end test starts
// processes and training threads of its own and must not fight another one for two cores; and what takes a dozen
// processes for minutes is for `npm run test:endurance`.
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
          testTimeout: 240_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'endurance',
          include: ['test/endurance/**/*.test.ts'],
          testTimeout: 900_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
