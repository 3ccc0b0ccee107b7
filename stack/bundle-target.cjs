// An esbuild plugin that puts the checked target into each bundle, in place of functions/runtime/bundled-target.ts.
// Not esbuild's `define`: for an object, that makes every module of a bundle load lazily.
module.exports = ({ service }) => [
  {
    name: 'bundle-target',
    setup: ({ onLoad }) =>
      onLoad({ filter: /[\\/]functions[\\/]runtime[\\/]bundled-target\.ts$/ }, () => ({
        contents: `export const bundledTarget = ${JSON.stringify(service.custom.stack.target)};`,
        loader: 'js',
      })),
  },
];
