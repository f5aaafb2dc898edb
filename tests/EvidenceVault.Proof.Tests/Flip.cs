namespace EvidenceVault.Proof.Tests;

internal static class Flip
{
    public static byte[] Bit(byte[] bytes, int bit)
    {
        byte[] damaged = [.. bytes];
        damaged[bit / 8] ^= (byte)(1 << bit % 8);
        return damaged;
    }
}
