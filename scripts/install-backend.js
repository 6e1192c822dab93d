#!/usr/bin/env node
/*
 * `node scripts/install-backend.js [--cuda] [--wheel FILE]` is `hearsay backend install` for a clone that is not
 * linked into the PATH, such as CI's. It needs dist/ (npm run build).
 */
process.argv.splice(2, 0, 'backend', 'install')
await import('../dist/cli/main.js')
