#!/usr/bin/env node
import { launch } from '../launch.js';

await launch('cli/recover.ts', process.argv.slice(2), ['dependencies']);
