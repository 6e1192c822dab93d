import { defineConfig } from 'vitest/config'

// Two projects, because they want the machine differently: unit tests run side by side; an end-to-end test starts
// processes and training threads of its own and must not fight another one for two cores.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/e2e/**'], testTimeout: 60_000 } },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
