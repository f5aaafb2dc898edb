using EvidenceVault.Worker;

return await WorkerCommand.RunAsync(args).ConfigureAwait(false);
