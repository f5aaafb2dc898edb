using EvidenceVault.Cli;
using EvidenceVault.Cli.Commands;

// `evidencevault`: operate a vault from a terminal. Commands.cs has the tree; each command has a file of its own below Commands/.
return WorkerCommand.ArgumentsIn(args) is { } worker
    ? await WorkerCommand.RunAsync(worker)
    : await CommandTree.RunAsync(args);
