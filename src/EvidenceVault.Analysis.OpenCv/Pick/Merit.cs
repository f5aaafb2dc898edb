using OpenCvSharp;

namespace EvidenceVault.Analysis.OpenCv.Pick;

/// <summary>How well a frame shows a part of it: in focus and not smeared by motion, neither burnt out nor lost in the dark.</summary>
internal static class Merit
{
    // The part is compared at one size, so that a larger box is not sharper for having more pixels.
    private const int ComparedSide = 192;

    public static double Of(Mat frame, Rect part)
    {
        using var place = new Mat(frame, part);
        using var grey = new Mat();
        Cv2.CvtColor(place, grey, ColorConversionCodes.BGR2GRAY);
        using var compared = new Mat();
        double scale = Math.Min(1, (double)ComparedSide / Math.Max(part.Width, part.Height));
        Cv2.Resize(grey, compared, new Size(Math.Max(3, (int)(part.Width * scale)), Math.Max(3, (int)(part.Height * scale))), 0, 0, InterpolationFlags.Area);
        return Sharpness(compared) * Exposure(compared);
    }

    // Tenengrad after a light blur: the sum of squared gradients, which noise raises less than it raises the Laplacian.
    private static double Sharpness(Mat grey)
    {
        using var calm = new Mat();
        Cv2.GaussianBlur(grey, calm, new Size(3, 3), 0);
        using var dx = new Mat();
        using var dy = new Mat();
        Cv2.Sobel(calm, dx, MatType.CV_32FC1, 1, 0);
        Cv2.Sobel(calm, dy, MatType.CV_32FC1, 0, 1);
        using var square = new Mat();
        Cv2.Multiply(dx, dx, dx);
        Cv2.Multiply(dy, dy, dy);
        Cv2.Add(dx, dy, square);
        return Cv2.Mean(square).Val0 + 1;
    }

    // 1 for a part whose pixels all say something; less for each that is black or white to the stop.
    private static double Exposure(Mat grey)
    {
        using var good = new Mat();
        Cv2.InRange(grey, new Scalar(8), new Scalar(247), good);
        double share = (double)Cv2.CountNonZero(good) / (grey.Rows * grey.Cols);
        return 0.2 + (0.8 * share);
    }
}
