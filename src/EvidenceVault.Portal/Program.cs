using EvidenceVault.Portal;

return await PortalCommand.RunAsync(args);
