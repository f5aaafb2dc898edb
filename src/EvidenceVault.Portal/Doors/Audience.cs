using EvidenceVault.Pipeline.Access;

namespace EvidenceVault.Portal.Doors;

/// <summary>Says for whom a page or an address is. What says nothing is for nobody (<see cref="Door"/>).</summary>
internal interface IAudience
{
    /// <summary>True where nobody need be signed in.</summary>
    bool Anyone { get; }

    /// <summary>Roles of which one is needed, in any case; empty where being signed in is enough.</summary>
    IReadOnlyCollection<Role> OneOf { get; }
}

/// <summary>For whoever holds one of these roles in some case. Which case it may be is asked where the case is known, by the use case.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class OpenToAttribute(params Role[] oneOf) : Attribute, IAudience
{
    public bool Anyone => false;
    public IReadOnlyCollection<Role> OneOf => oneOf;
}

/// <summary>For whoever is signed in: nothing of a case is in it.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class OpenToSignedInAttribute : Attribute, IAudience
{
    public bool Anyone => false;
    public IReadOnlyCollection<Role> OneOf => [];
}

/// <summary>For anyone: nothing of the vault is in it.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class OpenToAnyoneAttribute : Attribute, IAudience
{
    public bool Anyone => true;
    public IReadOnlyCollection<Role> OneOf => [];
}
