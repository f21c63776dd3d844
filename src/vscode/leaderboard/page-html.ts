export interface PageParts {
  readonly script: string;
  readonly style: string;
  /** The webview's own source, for the policy. */
  readonly source: string;
  /** Fresh for each page. */
  readonly nonce: string;
}

/** The page: nothing runs but our script, nothing loads but our files. Every part is ours; none is text of a repo. */
export function pageHtml({ script, style, source, nonce }: PageParts): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${source}`,
    `font-src ${source}`,
    `img-src ${source} data:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style}" id="vscode-codicon-stylesheet">
<title>Leaderboard</title>
</head>
<body data-vscode-context='{"preventDefaultContextMenuItems": true}'>
<div id="root"></div>
<script type="module" nonce="${nonce}" src="${script}"></script>
</body>
</html>
`;
}
