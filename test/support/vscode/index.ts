export { type StartOptions, startVsCode, type Theme, type VsCode } from './vscode.ts';
