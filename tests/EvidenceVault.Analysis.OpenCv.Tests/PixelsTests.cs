using CsCheck;
using EvidenceVault.Analysis.OpenCv.Score;

namespace EvidenceVault.Analysis.OpenCv.Tests;

/// <summary>What is done to many pixels at once is what would be done to each.</summary>
public sealed class PixelsTests
{
    private static readonly Gen<(byte[] A, byte[] B)> Planes = Gen.Int[1, 9000].SelectMany(n => Gen.Select(Gen.Byte.Array[n], Gen.Byte.Array[n]));

    [Fact]
    public void Differing_pixels_are_counted_one_for_one() => Gen.Select(Planes, Gen.Int[0, 255]).Sample((planes, threshold) =>
        Assert.Equal(planes.A.Zip(planes.B).Count(p => Math.Abs(p.First - p.Second) > threshold), Pixels.Differing(planes.A, planes.B, threshold)));

    [Fact]
    public void Light_is_taken_out_within_the_bounds_of_a_pixel() => Gen.Int[1, 9000].SelectMany(n => Gen.Select(Gen.Byte.Array[n], Gen.Short[-4080, 4080].Array[n])).Sample((plane, light) =>
    {
        byte[] left = [.. plane];
        Pixels.Subtract(left, light);
        Assert.Equal(plane.Zip(light).Select(p => (byte)Math.Clamp(p.First - ((p.Second + 8) >> 4), 0, 255)), left);
    });
}
