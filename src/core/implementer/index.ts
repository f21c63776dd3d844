export { type AppliedAnswer, applyAnswer } from './apply/answer.ts';
export { createEditImplementer, type EditImplementerOptions } from './edit.ts';
export { checkChanges, DEFAULT_LIMITS, type SizeLimits } from './gate/gate.ts';
export { checkConfigs, checkPython } from './gate/ruff/check.ts';
export { createSyntaxChecker, type SyntaxChecker, type SyntaxCheckerOptions } from './gate/ruff/checker.ts';
export { type GateInput, type GateReport, hasErrors, runGates } from './gate/run.ts';
export { createLlmImplementer, type LlmImplementerOptions } from './llm.ts';
export type { BlockReport, Refusal, RefusalCode } from './refusal.ts';
export type * from './types.ts';
