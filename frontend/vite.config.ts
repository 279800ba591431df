import { defineConfig } from 'vitest/config'

// An ES module that TensorBoard's plugin entry page imports as "./index.js" and calls render() of, and one
// that it imports after the first paint.
// Not Vite's lib mode: that leaves ES output unminified.
export default defineConfig({
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../tb_gradhealth/plugin/static',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    reportCompressedSize: true,
    license: { fileName: 'LICENSES.md' }, // of the bundled libraries, which ask to be shipped with their code
    rolldownOptions: {
      input: 'src/index.ts',
      preserveEntrySignatures: 'allow-extension',
      output: { entryFileNames: 'index.js', chunkFileNames: '[name].js', format: 'es' },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
  },
})
